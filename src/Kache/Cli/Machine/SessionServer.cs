using Kache.Api;
using Kache.Cli.Connection;
using Kache.Cli.Settings;
using Kache.Host;

namespace Kache.Cli.Machine;

/// <param name="Process">When it ends with its last session; null for one that goes on.</param>
internal sealed record FoundServer(IKacheApi Api, ServerProcess? Process) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Api.DisposeAsync();
}

/// <summary>The server that has a journal's session, found again, and the ways to end a session that came to nothing.</summary>
internal sealed class SessionServer(Shell shell)
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);

    // Sessions on it were counted as none; it looks once a second, and flushes what it has.
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(30);

    /// <summary>A local server that is gone is brought up again: what was recorded is in its data folder.</summary>
    public async Task<FoundServer> OpenAsync(HostServer server, ICollection<string> notes, CancellationToken cancellation)
    {
        if (server.Url is { } url)
        {
            var login = new Credentials(shell.Variable).Find(new Uri(url))
                ?? throw new KacheException("unauthorized", $"There is no login for {url} any more. Run 'kache login {url} --token-stdin', then stop again.");
            return new FoundServer(login.Open(), null);
        }
        var data = server.Data ?? Folders.Data(shell.Variable);
        if (await new StoreChoice(null, data).OpenRunningAsync(cancellation) is { } running) return new FoundServer(running, server.Process);
        var brought = await new BringUp(shell).ForEndingAsync(data, notes, cancellation);
        return new FoundServer(brought.Api, brought.Process);
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
        await using var server = await OpenAsync(journal.Server, notes, cancellation);
        var sessions = journal.Session is { } known ? [known] : await OrphansAsync(server.Api, journal, cancellation);
        foreach (var session in sessions) await DiscardAsync(server.Api, session, cancellation);
        await AwaitEndAsync(server, unused: sessions.Count == 0, cancellation);
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
    /// <param name="unused">It never had a session, so it would wait for one: it is asked to end.</param>
    public async Task AwaitEndAsync(FoundServer server, bool unused, CancellationToken cancellation)
    {
        if (server.Process is not { } process) return;
        try
        {
            if ((await server.Api.SessionsAsync(cancellation)).Count > 0) return;
        }
        catch (KacheException gone) when (gone.Token == "unreachable")
        {
            // It is ending already.
        }
        if (unused && IsAlive(process)) HostCalls.Terminate(process.Id);
        var began = shell.Clock.GetTimestamp();
        while (IsAlive(process) && shell.Clock.GetElapsedTime(began) < EndPatience) await Task.Delay(Glance, shell.Clock, cancellation);
    }

    private static bool IsAlive(ServerProcess process) => Host.Machine.Began(process.Id) == process.Began;
}
