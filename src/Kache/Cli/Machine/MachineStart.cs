using System.Net;
using Kache.Api;
using Kache.Cli.Connection;
using Kache.Host;

namespace Kache.Cli.Machine;

/// <summary>
/// start, whole or not at all:
/// 1. what an earlier start left is put in order; 2. the machine is looked at; 3. a server is found or brought up;
/// 4. a session is opened; 5. the machine is changed; 6. the path is proved. Each step is in the journal before it is made.
/// </summary>
internal sealed class MachineStart(Shell shell, MachineFiles files)
{
    // The way back must not hang on a server that does not answer.
    private static readonly TimeSpan WayBack = TimeSpan.FromSeconds(15);

    private const int DnsPort = 53;

    private readonly SessionServer _servers = new(shell);
    private readonly List<string> _notes = [];

    public async Task<StartReport> RunAsync(StoreChoice choice, OpenSession request, CancellationToken cancellation)
    {
        using var held = HostLock.Take(files.Paths);
        await PutInOrderAsync(cancellation);

        var resolver = ResolverDetection.Look(files.Paths);
        var journal = new HostJournal
        {
            Id = HostSetup.NewId(),
            Phase = HostPhase.Starting,
            Boot = Host.Machine.Boot,
            Namespace = Host.Machine.Namespace,
            StartedAt = shell.Clock.GetUtcNow(),
            Mode = request.Mode,
            Tag = request.Reference,
            Server = new HostServer(choice.Login?.Url, choice.DataFolder, null),
            Resolvers = [.. resolver.Nameservers.Select(n => n.ToString())],
        };
        files.Journal.Write(journal);
        var attempt = new Attempt(journal);
        try
        {
            request = request with { Clients = ["self"] };
            await ConnectAsync(attempt, choice, request, resolver, cancellation);
            SessionOpened opened;
            try
            {
                opened = await OpenSessionAsync(attempt, request, cancellation);
            }
            catch (KacheException gone) when (gone.Token == "unreachable" && choice.Login is null && attempt.Journal.Server.Process is null)
            {
                // A server that an earlier start had brought up was ending just then.
                await attempt.Api!.DisposeAsync();
                await ConnectAsync(attempt, choice, request, resolver, cancellation);
                opened = await OpenSessionAsync(attempt, request, cancellation);
            }
            await ChangeAsync(attempt, opened, request, resolver, cancellation);
            attempt.Journal = attempt.Journal with { Phase = HostPhase.Active };
            files.Journal.Write(attempt.Journal);
            if (resolver.Describe() is { } described) _notes.Insert(0, described);
            return new StartReport(opened.Id, opened.Mode, opened.Reference, opened.Digest, attempt.Api!.Description, opened.Dns, opened.Fingerprint, _notes);
        }
        catch (Exception failure)
        {
            await RollBackAsync(attempt, failure);
            throw;
        }
        finally
        {
            if (attempt.Api is not null) await attempt.Api.DisposeAsync();
        }
    }

    /// <summary>What the journal of an earlier start says, and what can be done about it.</summary>
    private async Task PutInOrderAsync(CancellationToken cancellation)
    {
        if (files.Journal.Read() is not { } earlier) return;
        var restarted = earlier.Boot != Host.Machine.Boot;
        if (earlier.Phase == HostPhase.Active && !restarted)
            throw new KacheException("already_started", $"This machine is in the {earlier} already. End it first: kache stop {earlier.Mode}");
        Leftovers.Undo(files, shell);
        if (files.Journal.Read() is not { } left) return;
        if (left.Steps.Count > 0) throw new KacheException("not_undone", $"What an earlier start changed cannot all be undone yet. Then: kache stop {left.Mode}");
        if (left.Phase != HostPhase.Starting)
            throw new KacheException("session_open", $"The {left} is still open on its server{(restarted ? ", since before this machine was restarted" : "")}. End it first: kache stop {left.Mode}");
        await _servers.DiscardAsync(left, _notes, cancellation);
        files.Journal.Delete();
        shell.Say($"An earlier 'kache start {left.Mode}' had not finished; what it had done is undone.");
    }

    private async Task ConnectAsync(Attempt attempt, StoreChoice choice, OpenSession request, ResolverDetection resolver, CancellationToken cancellation)
    {
        if (choice.Login is { } login) attempt.Api = login.Open();
        else attempt.Api = await choice.OpenRunningAsync(cancellation);
        if (attempt.Api is null)
        {
            var wish = new BringUpWish(choice.DataFolder!, resolver.Nameservers, CopyRoots(attempt.Journal), request.Ports ?? []);
            var server = await new BringUp(shell).ForSessionsAsync(wish, _notes, cancellation);
            attempt.Api = server.Api;
            attempt.Journal = attempt.Journal with { Server = attempt.Journal.Server with { Process = server.Process } };
            files.Journal.Write(attempt.Journal);
            shell.Say($"No server was running on {choice.DataFolder}: one was brought up for this machine alone (pid {server.Process.Id}, log {Server.DataFolder.Log(choice.DataFolder!)}).");
        }
        shell.Say($"[{attempt.Api.Description}]");
    }

    /// <summary>Roots that the caller's variables name serve upstream too, as they are now; the server may not be able to read the originals.</summary>
    private IReadOnlyList<string> CopyRoots(HostJournal journal)
    {
        var stores = new TrustStores(files.Paths, shell.Variable);
        var system = stores.Bundle is { } bundle ? files.Paths.Real(files.Paths.At(bundle)) : null;
        var folder = Path.Combine(files.Paths.Runtime, journal.Id, "upstream");
        var copies = new List<string>();
        foreach (var named in stores.NamedFiles().Where(file => file != system))
        {
            Directory.CreateDirectory(folder);
            var copy = Path.Combine(folder, $"{copies.Count}.pem");
            SafeFile.WriteNew(copy, File.ReadAllBytes(named));
            copies.Add(copy);
        }
        return copies;
    }

    private async Task<SessionOpened> OpenSessionAsync(Attempt attempt, OpenSession request, CancellationToken cancellation)
    {
        var opened = await attempt.Api!.OpenSessionAsync(request, cancellation);
        attempt.Journal = attempt.Journal with { Session = opened.Id };
        files.Journal.Write(attempt.Journal);
        if (opened.Dns.Count == 0) throw new KacheException("no_dns", "The server's DNS is off (--dns-port 0), so this machine cannot be led to it. Turn it on, or use 'kache run' or 'kache session open'.");
        if (opened.DnsPort != DnsPort) throw new KacheException("no_dns", $"The server's DNS is on port {opened.DnsPort}, and resolv.conf can name no port but 53. Give it that port, or use 'kache run' or 'kache session open'.");
        return opened;
    }

    private async Task ChangeAsync(Attempt attempt, SessionOpened opened, OpenSession request, ResolverDetection resolver, CancellationToken cancellation)
    {
        var stores = new TrustStores(files.Paths, shell.Variable);
        var facts = new HostFacts(
            $"written by 'kache start {opened.Mode}' for the session {opened.Id}; 'kache stop {opened.Mode}' takes it away.",
            opened.Dns, opened.Ca, $"kache-{opened.Fingerprint["sha256:".Length..][..8]}", stores.Bundle);
        attempt.Journal = attempt.Journal with { Facts = facts };
        var setup = files.Setup();
        try
        {
            attempt.Journal = setup.Apply(attempt.Journal, stores.Find(facts), resolver);
        }
        finally
        {
            _notes.AddRange(setup.Notes);
        }
        await NameCaches.FlushAsync(resolver, _notes, cancellation);

        var bundle = stores.Bundle is { } path ? files.Paths.Real(files.Paths.At(path)) : null;
        if (bundle is null) _notes.Add("This machine has no roots of its own (no ca-certificates): programs trust Kache once that package is installed.");
        var probe = new Probe(opened.Probe, opened.Id, [.. opened.Dns.Select(IPAddress.Parse)], [80, 443, .. request.Ports ?? []], bundle);
        await new Prober(probe, opened.Ca, shell.Clock).ProveAsync(cancellation);
    }

    /// <summary>The machine first, then the session, then a server of ours. What cannot be taken back stays in the journal, for stop.</summary>
    private async Task RollBackAsync(Attempt attempt, Exception why)
    {
        foreach (var note in _notes) shell.Warn(note);
        using var patience = new CancellationTokenSource(WayBack, shell.Clock);
        try
        {
            // The journal on disk knows more than an attempt that broke off.
            var journal = files.Journal.Read() ?? attempt.Journal;
            var setup = files.Setup();
            var undone = setup.Undo(journal);
            foreach (var note in setup.Notes) shell.Warn(note);
            if (attempt.Api is { } api)
            {
                if (undone.Session is { } session) await SessionServer.DiscardAsync(api, session, patience.Token);
                await _servers.AwaitEndAsync(new FoundServer(api, undone.Server.Process), unused: undone.Session is null, patience.Token);
            }
            if (undone.Steps.Count == 0) files.Journal.Delete();
        }
        catch (Exception failure) when (failure is HostException or IOException or KacheException or OperationCanceledException)
        {
            shell.Warn($"After '{why.Message}' not everything could be taken back: {failure.Message} 'kache stop {attempt.Journal.Mode}' tries again.");
        }
    }

    /// <summary>How far one start has come.</summary>
    private sealed class Attempt(HostJournal journal)
    {
        public HostJournal Journal { get; set; } = journal;

        public IKacheApi? Api { get; set; }
    }
}
