using System.Globalization;
using System.Text;
using Kache.Host;
using Kache.Sandbox.Kernel;

namespace Kache.Sandbox;

/// <summary>
/// The first process of a sandbox, started by <see cref="SandboxProcess"/> in namespaces of its own: makes the networks and
/// passes their sockets out, mounts what the command shall see, starts it, and reaps. Everything in there ends with it, and it
/// ends with the process outside.
/// </summary>
internal static class Inside
{
    /// <summary>The hidden word on the command line; then a descriptor each for control and for stderr, the ports, "--", the command.</summary>
    public const string Word = "@inside";

    private const int KilledBySignal9 = 137;

    public static int Run(string[] arguments)
    {
        var control = Number(arguments[1]);
        var errors = Number(arguments[2]);
        Descriptors.SetInherited(control, false);
        Descriptors.Redirect(errors, 2);
        Descriptors.Close(errors);
        using var channel = new ControlChannel(control);
        var ports = arguments[3].Split(',').Select(Number).ToList();
        try
        {
            MakeNetworks(channel, ports);
            if (channel.Receive([]) is not ControlMessage.Begin begin) return KilledBySignal9;
            return RunCommand(channel, begin.Plan, Words(arguments.Length - 5));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or HostException)
        {
            channel.Send(new ControlMessage.Failed(RunExitCode.KacheFailed, failure.Message, IsDenied(failure)));
            return RunExitCode.KacheFailed;
        }
    }

    private static int Number(string word) => int.Parse(word, NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>The command's words, byte for byte.</summary>
    private static List<byte[]> Words(int count)
    {
        var own = Processes.Own("cmdline");
        return own[^count..];
    }

    private static void MakeNetworks(ControlChannel channel, IReadOnlyList<int> ports)
    {
        var gateway = Gateway.Make(ports);
        channel.Send(new ControlMessage.Ready(gateway.Sockets), gateway.Descriptors);
        foreach (var descriptor in gateway.Descriptors) Descriptors.Close(descriptor);
    }

    private static int RunCommand(ControlChannel channel, InsidePlan plan, IReadOnlyList<byte[]> command)
    {
        var variables = new CommandEnvironment(Processes.Own("environ"));
        var folder = Directory.GetCurrentDirectory();
        var notes = new InsideMounts(plan, variables).Make();
        if (!TryEnterAgain(folder))
            return Refuse(channel, RunExitCode.KacheFailed, $"The working directory {folder} is not there inside: it is, or lies in, a folder that is kept from the command.");
        var name = Encoding.UTF8.GetString(command[0]);
        switch (CommandSearch.Find(name, variables.Get("PATH")))
        {
            case CommandSearch.Result.NotFound: return Refuse(channel, RunExitCode.NotFound, $"There is no command '{name}'.");
            case CommandSearch.Result.NotExecutable: return Refuse(channel, RunExitCode.NotExecutable, $"'{name}' cannot be executed.");
        }
        var child = Start(plan, command, variables);
        channel.Send(new ControlMessage.Started(notes));
        Listen(channel, child);
        var exitCode = Reap(child);
        channel.Send(new ControlMessage.Ended(exitCode));
        return 0;
    }

    /// <summary>By its name: what was opened before may lie below what was mounted since.</summary>
    private static bool TryEnterAgain(string folder)
    {
        try
        {
            Directory.SetCurrentDirectory(folder);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            // A folder that this user could not enter, somewhere above what is mounted: where the caller is, the command may stay.
            return true;
        }
    }

    private static int Refuse(ControlChannel channel, int exitCode, string message)
    {
        channel.Send(new ControlMessage.Failed(exitCode, message, Denied: false));
        return exitCode;
    }

    /// <summary>As the caller, without any right over these namespaces: through a user namespace of its own, or with root's rights cut.</summary>
    private static int Start(InsidePlan plan, IReadOnlyList<byte[]> command, CommandEnvironment variables)
    {
        if (plan.HasUserNamespace)
        {
            List<byte[]> words =
            [
                "unshare"u8.ToArray(), "--user"u8.ToArray(),
                Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"--map-user={plan.User}")),
                Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"--map-group={plan.Group}")),
                "--"u8.ToArray(),
                .. command,
            ];
            return Processes.Spawn("unshare", words, variables.Words);
        }
        var child = 0;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Namespaces.LimitRoot();
                child = Processes.Spawn(Encoding.UTF8.GetString(command[0]), command, variables.Words);
            }
            catch (SystemCallException e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? child : throw new IOException(failure.Message, failure);
    }

    /// <summary>Passes signals on; when the process outside is gone, so is this one, and all that it started.</summary>
    private static void Listen(ControlChannel channel, int child)
    {
        new Thread(() =>
        {
            while (channel.Receive([]) is { } message)
            {
                if (message is ControlMessage.Forward forward) Processes.Signal(child, forward.Signal);
            }
            Processes.ExitNow(KilledBySignal9);
        }) { IsBackground = true }.Start();
    }

    private static int Reap(int child)
    {
        while (Processes.Wait(-1) is { } ended)
        {
            if (ended.Id == child) return ended.ExitCode;
        }
        throw new IOException("the command is gone, and nobody knows how it ended");
    }

    private static bool IsDenied(Exception? failure)
    {
        for (; failure is not null; failure = failure.InnerException)
        {
            if (failure is SystemCallException { Error: SystemCallException.NotPermitted or SystemCallException.AccessDenied }) return true;
        }
        return false;
    }
}
