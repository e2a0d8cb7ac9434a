using System.Globalization;
using System.Text;
using Kache.Sandbox.Kernel;

namespace Kache.Sandbox;

/// <summary>How a command in a sandbox ended.</summary>
/// <param name="ExitCode">Its own, or what stands for its not having run.</param>
/// <param name="Started">Whether it came to run at all.</param>
/// <param name="Failure">Why it did not run to its end; null when it did.</param>
internal sealed record SandboxEnd(int ExitCode, bool Started, string? Failure);

/// <summary>This machine does not give the namespaces; the message says which switch would.</summary>
internal sealed class SandboxUnavailableException(string message) : Exception(message);

/// <summary>
/// A sandbox as the process outside has it: starts it through unshare(1), since a process with threads cannot make a user
/// namespace; receives its sockets; lets the command begin; passes signals on; hears its end. Disposing ends all that is inside.
/// </summary>
internal sealed class SandboxProcess : IDisposable
{
    // INT, QUIT, TERM and HUP are the command's business: unshare(1) and the first process inside do not get them.
    private const ulong Blocked = 1ul << 1 | 1ul << 2 | 1ul << 14 | 1ul;

    private readonly int _id;
    private readonly ControlChannel _channel;
    private readonly int _talk;
    private readonly TaskCompletionSource<ControlMessage.Ready?> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<IReadOnlyList<string>?> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<ControlMessage?> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _listening;
    private readonly List<int> _sockets = [];
    private string _unshareTalk = "";

    private SandboxProcess(int id, ControlChannel channel, int talk)
    {
        (_id, _channel, _talk) = (id, channel, talk);
        _listening = new Thread(Listen) { IsBackground = true };
        _listening.Start();
    }

    /// <param name="program">This program, and what has to stand before its first word.</param>
    /// <param name="words">The command, byte for byte.</param>
    /// <param name="ports">TCP ports that are served on every address.</param>
    public static SandboxProcess Start(IReadOnlyList<string> program, IReadOnlyList<byte[]> words, IReadOnlyList<int> ports, bool userNamespace)
    {
        var (ours, theirs) = Descriptors.SocketPair();
        var (reading, writing) = Descriptors.Pipe();
        var errors = Descriptors.Duplicate(2);
        try
        {
            Descriptors.SetInherited(theirs, true);
            Descriptors.SetInherited(errors, true);
            List<string> start = ["unshare"];
            if (userNamespace) start.AddRange(["--user", "--map-root-user"]);
            start.AddRange(["--net", "--mount", "--pid", "--ipc", "--fork", "--kill-child", "--"]);
            start.AddRange(program);
            start.AddRange([Inside.Word, Number(theirs), Number(errors), string.Join(',', ports.Select(Number)), "--"]);
            var id = Processes.Spawn("unshare", [.. start.Select(Encoding.UTF8.GetBytes), .. words], Processes.Own("environ"), Blocked, errors: writing);
            return new SandboxProcess(id, new ControlChannel(ours), reading);
        }
        catch (SystemCallException missing) when (missing.Error == SystemCallException.NoEntry)
        {
            Descriptors.Close(ours);
            Descriptors.Close(reading);
            throw new SandboxUnavailableException("the program unshare is missing (package util-linux)");
        }
        finally
        {
            Descriptors.Close(theirs);
            Descriptors.Close(writing);
            Descriptors.Close(errors);
        }
    }

    /// <summary>The networks are there.</summary>
    /// <returns>Their sockets, with descriptors that are the caller's from now on.</returns>
    /// <exception cref="SandboxUnavailableException">This machine does not give them.</exception>
    public async Task<IReadOnlyList<(GatewaySocket What, int Descriptor)>> ReadyAsync()
    {
        if (await _ready.Task is { } ready) return [.. ready.Sockets.Zip(_sockets)];
        throw new SandboxUnavailableException(await _end.Task is ControlMessage.Failed failed ? failed.Message.TrimEnd('.') : Said());
    }

    /// <summary>Sets the rest up and starts the command; what could not be done as it should comes back in sentences.</summary>
    /// <returns>Null when it did not start: the end says why.</returns>
    /// <exception cref="SandboxUnavailableException">The kernel did not permit it.</exception>
    public async Task<IReadOnlyList<string>?> BeginAsync(InsidePlan plan)
    {
        _channel.Send(new ControlMessage.Begin(plan));
        var notes = await _started.Task;
        if (notes is null && await _end.Task is ControlMessage.Failed { Denied: true } failed) throw new SandboxUnavailableException(failed.Message.TrimEnd('.'));
        return notes;
    }

    public void Signal(int signal)
    {
        try
        {
            _channel.Send(new ControlMessage.Forward(signal));
        }
        catch (SystemCallException)
        {
            // It has just ended, which its end tells.
        }
    }

    /// <summary>The command has ended, and nothing of what it started is left.</summary>
    public async Task<SandboxEnd> EndAsync() => await _end.Task switch
    {
        ControlMessage.Ended ended => new SandboxEnd(ended.ExitCode, Started: true, null),
        ControlMessage.Failed failed => new SandboxEnd(failed.ExitCode, Started: false, failed.Message),
        _ => new SandboxEnd(RunExitCode.KacheFailed, await _started.Task is not null, "The sandbox broke off: its first process was killed."),
    };

    public void Dispose()
    {
        _channel.End();
        _listening.Join();
        _channel.Dispose();
        Descriptors.Close(_talk);
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private string Said() => _unshareTalk.Replace('\n', ' ').Replace("unshare: ", "", StringComparison.Ordinal).Trim();

    private void Listen()
    {
        ControlMessage? last = null;
        while (_channel.Receive(_sockets) is { } message)
        {
            switch (message)
            {
                case ControlMessage.Ready ready:
                    _ready.TrySetResult(ready);
                    break;
                case ControlMessage.Started started:
                    _started.TrySetResult(started.Notes);
                    break;
                default:
                    last = message;
                    break;
            }
        }
        // unshare(1) ends when all inside have; what it had to say is in the pipe by then.
        _ = Processes.Wait(_id);
        _unshareTalk = ReadTalk();
        _end.TrySetResult(last);
        _started.TrySetResult(null);
        _ready.TrySetResult(null);
    }

    private string ReadTalk()
    {
        var text = new byte[4096];
        var length = 0;
        for (int got; length < text.Length && (got = Descriptors.Read(_talk, text.AsSpan(length))) > 0;) length += got;
        return Encoding.UTF8.GetString(text, 0, length);
    }
}
