using Kache.Api;
using Kache.Cli.Connection;
using Kache.Cli.Settings;
using Kache.Host;

namespace Kache.Cli.Machine;

/// <summary>The server that has a journal's session, found again, and the ways to end a session that came to nothing.</summary>
internal sealed class SessionServer(Shell shell)
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);

    // Sessions on it were counted as none; it looks once a second, and flushes what it has.
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(30);

    /// <summary>A local server that is gone is brought up again: what was recorded is in its data folder.</summary>
    public async Task<IKacheApi> OpenAsync(HostServer server, ICollection<string> notes, CancellationToken cancellation)
    {
        if (server.Url is { } url)
        {
            return new Credentials(shell.Variable).Find(new Uri(url))?.Open()
                ?? throw new KacheException("unauthorized", $"There is no login for {url} any more. Run 'kache login {url} --token-stdin', then stop again.");
        }
        var data = server.Data ?? Folders.Data(shell.Variable);
        if (await new StoreChoice(null, data).OpenRunningAsync(cancellation) is { } running) return running;
        return (await new BringUp(shell).ForEndingAsync(data, notes, cancellation)).Api;
    }

    /// <summary>Ends what a start opened that came to nothing: the tag stays where it was.</summary>
    public async Task DiscardAsync(HostJournal journal, ICollection<string> notes, CancellationToken cancellation)
    {
        if (journal.Session is null && journal.Server is { Url: null, Data: { } data })
        {
            // No session was written down; only a server that runs can have one.
            if (await new StoreChoice(null, data).OpenRunningAsync(cancellation) is not { } running) return;
            await running.DisposeAsync();
        }
        await using var api = await OpenAsync(journal.Server, notes, cancellation);
        foreach (var session in journal.Session is { } known ? [known] : await OrphansAsync(api, journal, cancellation)) await DiscardAsync(api, session, cancellation);
        if (journal.Server.Process is { } process) await AwaitEndAsync(api, process, cancellation);
    }

    public static async Task DiscardAsync(IKacheApi api, string session, CancellationToken cancellation)
    {
        try
        {
            await api.CloseSessionAsync(session, new CloseSession(NoWait: true, MoveTag: false), cancellation);
        }
        catch (KacheException gone) when (gone.Token == "not_found")
        {
            // It has ended already.
        }
    }

    /// <summary>Sessions of a start that was killed between opening one and writing its id down.</summary>
    private static async Task<IReadOnlyList<string>> OrphansAsync(IKacheApi api, HostJournal journal, CancellationToken cancellation) =>
        [.. (await api.SessionsAsync(cancellation))
            .Where(s => s.Mode == journal.Mode && s.Tag == journal.Tag && s.OpenedAt >= journal.StartedAt && s.Requests == 0 && s.Clients.Count == 1)
            .Select(s => s.Id)];

    /// <summary>A server that start brought up ends with its last session; a start that follows at once must not find it half gone.</summary>
    public async Task AwaitEndAsync(IKacheApi api, ServerProcess process, CancellationToken cancellation)
    {
        try
        {
            if ((await api.SessionsAsync(cancellation)).Count > 0) return;
        }
        catch (KacheException gone) when (gone.Token == "unreachable")
        {
            // It is ending already.
        }
        var began = shell.Clock.GetTimestamp();
        while (Host.Machine.Began(process.Id) == process.Began && shell.Clock.GetElapsedTime(began) < EndPatience)
            await Task.Delay(Glance, shell.Clock, cancellation);
    }
}
