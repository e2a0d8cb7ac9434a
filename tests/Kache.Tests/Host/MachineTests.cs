using Kache.Api;
using Kache.Cli.Connection;
using Kache.Cli.Machine;
using Kache.Host;
using Kache.Tests.Cli;
using Xunit;

namespace Kache.Tests.Host;

/// <summary>start and stop as far as no server is needed: what the journal says decides. With servers: the end-to-end tests.</summary>
public sealed class MachineTests : IDisposable
{
    private static readonly OpenSession Wish = new("record", "example1");

    private readonly FakeMachine _machine = new();
    private readonly TestShell _shell = new();
    private readonly MachineFiles _files;

    public MachineTests()
    {
        _files = new MachineFiles(_machine.Paths);
        Directory.CreateDirectory(_machine.Paths.State);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _shell.Dispose();
        _machine.Dispose();
    }

    [Fact]
    public async Task A_stop_without_a_start_says_so()
    {
        var refusal = await StopsAsync("record");
        Assert.Equal("not_started", refusal.Token);
        Assert.Contains("kache start record", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_of_the_other_mode_names_the_one_that_is_active_and_changes_nothing()
    {
        _files.Journal.Write(_machine.Begin(HostPhase.Active) with { Session = "s1" });
        var refusal = await StopsAsync("playback");
        Assert.Equal("other_mode", refusal.Token);
        Assert.Equal("This machine is in the record session s1 (example1), not in playback. End that with: kache stop record", refusal.Message);
        Assert.Equal(HostPhase.Active, _files.Journal.Read()!.Phase);
    }

    [Fact]
    public async Task A_second_start_names_the_session_that_is_active()
    {
        _files.Journal.Write(_machine.Begin(HostPhase.Active) with { Session = "s1" });
        var refusal = await StartsAsync();
        Assert.Equal("already_started", refusal.Token);
        Assert.Contains("kache stop record", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_that_is_open_since_before_a_restart_is_to_be_ended_first()
    {
        _files.Journal.Write(_machine.Begin(HostPhase.Active) with { Session = "s1", Boot = "another" });
        var refusal = await StartsAsync();
        Assert.Equal("session_open", refusal.Token);
        Assert.Contains("since before this machine was restarted", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(HostPhase.Undone, _files.Journal.Read()!.Phase);
    }

    [Fact]
    public async Task The_machine_is_put_back_though_its_server_is_not_to_be_had_and_the_session_can_be_ended_later()
    {
        Assert.SkipUnless(HostCalls.IsRoot, "Mounts are made by root only.");
        var before = _machine.Snapshot();
        var journal = _machine.Apply();
        _files.Journal.Write(journal with { Phase = HostPhase.Active, Session = "s1", Server = new HostServer("https://gone.test:7070", null, null) });
        var refusal = await StopsAsync("record");
        Assert.Equal("unauthorized", refusal.Token);
        Assert.Contains("This machine is as it was, but the record session s1 (example1) is still open on its server", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(before, _machine.Snapshot());
        Assert.Equal(("s1", HostPhase.Undone), (_files.Journal.Read()!.Session!, _files.Journal.Read()!.Phase));
    }

    [Fact]
    public async Task A_journal_of_another_version_is_left_alone()
    {
        await File.WriteAllTextAsync(_machine.Paths.Journal, File.Exists(_machine.Paths.Journal) ? "" : Newer(), Stop);
        var refusal = await Assert.ThrowsAsync<HostException>(() => new MachineStop(_shell.Shell, _files).RunAsync("record", new CloseSession(), Stop));
        Assert.Contains("format 2", refusal.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(_machine.Paths.Journal));
    }

    [Fact]
    public void The_journal_keeps_every_kind_of_step()
    {
        HostStep[] steps =
        [
            new SweptTrust("trust", ["/a"]), new MadeFolder("/b"), new MadeFile("/c", "x"), new MadeLink("/d", "e"), new MountedFile("/f", 1, new Edit(EditKind.Resolver), "sha256:00"),
            new MountedFolder("/g", 2, [new FolderEdit("h", new Edit(EditKind.KeyStore, "secret"))]), new WrittenFile("/i", 3, new Edit(EditKind.Pip), true, "sha256:01"),
        ];
        _files.Journal.Write(_machine.Begin() with { Steps = steps });
        var written = File.ReadAllText(_machine.Paths.Journal);
        var read = _files.Journal.Read()!;
        Assert.Equal(steps.Select(step => step.GetType()), read.Steps.Select(step => step.GetType()));
        _files.Journal.Write(read);
        Assert.Equal(written, File.ReadAllText(_machine.Paths.Journal));
        Assert.Contains("\"secret\"", written, StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_becomes_the_owner_of_its_folder_and_takes_what_root_left_there()
    {
        Assert.SkipUnless(HostCalls.IsRoot, "Files are given away by root only.");
        var data = _machine.At("/var/lib/kache");
        var notes = new List<string>();
        File.SetUnixFileMode(_machine.Paths.Root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        var user = DataOwner.Prepare(data, "/usr/bin/kache", notes);
        Assert.Empty(notes);
        Assert.NotEqual(0u, user!.Value.User);
        File.WriteAllText(Path.Combine(data, "left"), "");
        Assert.Equal(user, DataOwner.Prepare(data, "/usr/bin/kache", notes));
        Assert.Equal(user.Value.User, HostCalls.OwnerOf(Path.Combine(data, "left")).User);
        Assert.Equal("UserRead, UserWrite, UserExecute", string.Join(", ", File.GetUnixFileMode(data).ToString().Split(", ").Reverse()));
    }

    [Fact]
    public void A_server_whose_program_others_cannot_reach_stays_root_and_says_so()
    {
        Assert.SkipUnless(HostCalls.IsRoot, "Files are given away by root only.");
        Directory.CreateDirectory(_machine.At("/closed"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var notes = new List<string>();
        Assert.Null(DataOwner.Prepare(_machine.At("/var/lib/kache"), _machine.At("/closed/kache"), notes));
        Assert.Contains("keeps running as root", Assert.Single(notes), StringComparison.Ordinal);
    }

    private string Newer()
    {
        _files.Journal.Write(_machine.Begin());
        return File.ReadAllText(_machine.Paths.Journal).Replace("\"format\": 1", "\"format\": 2", StringComparison.Ordinal);
    }

    private Task<KacheException> StopsAsync(string mode) =>
        Assert.ThrowsAsync<KacheException>(() => new MachineStop(_shell.Shell, _files).RunAsync(mode, new CloseSession(), Stop));

    private Task<KacheException> StartsAsync() =>
        Assert.ThrowsAsync<KacheException>(() => new MachineStart(_shell.Shell, _files).RunAsync(new StoreChoice(null, Path.Combine(_shell.Home, "data")), Wish, Stop));
}
