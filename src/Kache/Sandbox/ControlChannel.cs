using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;
using Kache.Sandbox.Kernel;

namespace Kache.Sandbox;

/// <summary>What the process outside and the sandbox's first process say to each other.</summary>
[JsonDerivedType(typeof(Ready), "ready")]
[JsonDerivedType(typeof(Begin), "begin")]
[JsonDerivedType(typeof(Started), "started")]
[JsonDerivedType(typeof(Failed), "failed")]
[JsonDerivedType(typeof(Forward), "forward")]
[JsonDerivedType(typeof(Ended), "ended")]
internal abstract record ControlMessage
{
    /// <summary>From inside: the networks are there; the sockets come with it, in this order.</summary>
    internal sealed record Ready(IReadOnlyList<GatewaySocket> Sockets) : ControlMessage;

    /// <summary>From outside: set the rest up and start the command.</summary>
    internal sealed record Begin(InsidePlan Plan) : ControlMessage;

    /// <summary>From inside: the command runs.</summary>
    /// <param name="Notes">What could not be done as it should, in sentences.</param>
    internal sealed record Started(IReadOnlyList<string> Notes) : ControlMessage;

    /// <summary>From inside: it did not come to that.</summary>
    /// <param name="ExitCode">What the run ends with.</param>
    /// <param name="Denied">The kernel did not permit something: the sandbox as such is not to be had here.</param>
    internal sealed record Failed(int ExitCode, string Message, bool Denied) : ControlMessage;

    /// <summary>From outside: a signal for the command.</summary>
    internal sealed record Forward(int Signal) : ControlMessage;

    /// <summary>From inside: the command has ended, and with it everything else in there.</summary>
    internal sealed record Ended(int ExitCode) : ControlMessage;

    private ControlMessage()
    {
    }
}

/// <summary>One end of the stream between the two: a length of four bytes, JSON, and descriptors that come with it. Blocking.</summary>
internal sealed class ControlChannel(int socket) : IDisposable
{
    // A plan names a bundle and some hundred paths.
    private const int Longest = 64 * 1024 * 1024;

    private readonly Lock _sending = new();
    private int _disposed;

    public void Send(ControlMessage message, IReadOnlyList<int>? passed = null)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(message, ControlJson.Default.ControlMessage);
        var framed = new byte[4 + json.Length];
        BinaryPrimitives.WriteInt32LittleEndian(framed, json.Length);
        json.CopyTo(framed, 4);
        lock (_sending) Descriptors.Send(socket, framed, passed is null ? [] : [.. passed]);
    }

    /// <returns>Null when the other end is gone.</returns>
    public ControlMessage? Receive(List<int> passed)
    {
        var head = new byte[4];
        if (!Fill(head, passed)) return null;
        var length = BinaryPrimitives.ReadInt32LittleEndian(head);
        if (length is < 0 or > Longest) throw new InvalidDataException($"a message of {length} bytes from the other end of the sandbox");
        var json = new byte[length];
        return Fill(json, passed) ? JsonSerializer.Deserialize(json, ControlJson.Default.ControlMessage) : null;
    }

    /// <summary>Whoever reads here, or at the other end, finds the end.</summary>
    public void End() => Descriptors.Shutdown(socket);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0) Descriptors.Close(socket);
    }

    private bool Fill(Span<byte> bytes, List<int> passed)
    {
        while (!bytes.IsEmpty)
        {
            int got;
            try
            {
                got = Descriptors.Receive(socket, bytes, passed);
            }
            catch (SystemCallException)
            {
                // ECONNRESET: killed before it had read what we said.
                return false;
            }
            if (got == 0) return false;
            bytes = bytes[got..];
        }
        return true;
    }
}

[JsonSerializable(typeof(ControlMessage))]
internal sealed partial class ControlJson : JsonSerializerContext;
