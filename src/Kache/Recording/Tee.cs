using System.Buffers;
using Kache.Upstream;

namespace Kache.Recording;

/// <summary>How a response body ended.</summary>
/// <param name="Fault">Null when it was received whole, else what happened, one sentence.</param>
/// <param name="Token">Of docs/errors.md; null when whole.</param>
internal readonly record struct BodyEnd(long Received, string? Fault, string? Token);

/// <summary>
/// Copies a response body to the client and into the store in one pass. The client sets the pace; bytes are
/// passed on as they come; nothing but one buffer is held.
/// </summary>
internal sealed class Tee(Stream origin, BodyPlan plan, ClientResponse client, KeptBody? kept, Linger linger)
{
    // A TLS record has 16 KiB, an h2 frame usually too; four of them a turn.
    private const int BufferSize = 64 * 1024;

    // Where more than was promised shows, without touching what is held back.
    private const int ProbeSize = 16;

    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferSize + ProbeSize);
    private long _received;
    private int _held;

    /// <summary>
    /// Returns when the origin has nothing more. The last bytes of a body of known length are held back for
    /// <see cref="ReleaseAsync"/>: what the client has seen end must be in the journal (DESIGN promise 4).
    /// </summary>
    public async Task<BodyEnd> RunAsync()
    {
        try
        {
            while (true)
            {
                var read = await ReadAsync();
                if (read == 0) return End();
                if (_held > 0) return Broken($"The origin promised {plan.Length} bytes and sent more.", "http_protocol_error");
                _received += read;
                var chunk = _buffer.AsMemory(0, read);
                if (_received == plan.Length)
                {
                    if (kept is not null) await kept.WriteAsync(chunk);
                    _held = read;
                    continue;
                }
                var sending = client.WriteAsync(chunk);
                if (kept is not null) await kept.WriteAsync(chunk);
                await sending;
                if (client.IsGone && linger.Over(plan.Length - _received, _received) is { } over) return Broken(over, "connection_terminated");
            }
        }
        catch (OperationCanceledException)
        {
            return Broken(linger.WhyStopped, "connection_terminated");
        }
        catch (IOException e)
        {
            var failure = FailureReading.Read(e)!;
            return Broken(failure.Message, failure.Failure.Token());
        }
    }

    /// <summary>Gives the client what was held back.</summary>
    public async Task ReleaseAsync()
    {
        var held = _held;
        _held = 0;
        if (held > 0) await client.WriteAsync(_buffer.AsMemory(0, held));
    }

    public void Return() => ArrayPool<byte>.Shared.Return(_buffer);

    private async ValueTask<int> ReadAsync()
    {
        var reading = origin.ReadAsync(_held > 0 ? _buffer.AsMemory(BufferSize, ProbeSize) : _buffer.AsMemory(0, BufferSize), linger.Stop);
        // The head goes on now if the body lets itself be waited for (BEHAVIOUR H23).
        if (!reading.IsCompleted && _received == 0)
        {
            var first = reading.AsTask();
            await client.SendHeadAsync();
            return await first;
        }
        return await reading;
    }

    private BodyEnd End()
    {
        if (plan.Fault is { } fault) return Broken(fault, "http_protocol_error");
        return plan.Length is { } promised && promised != _received
            ? Broken($"The origin promised {promised} bytes and sent {_received}.", "http_response_incomplete")
            : new BodyEnd(_received, null, null);
    }

    private BodyEnd Broken(string fault, string token) => new(_received, fault, token);
}
