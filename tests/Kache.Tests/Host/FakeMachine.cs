using Kache.Exchanges;
using Kache.Host;

namespace Kache.Tests.Host;

/// <summary>A folder that stands for a Debian machine; mounts in it are real, and touch nothing outside.</summary>
internal sealed class FakeMachine : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("kache-machine-");

    public FakeMachine()
    {
        Paths = new HostPaths(_root.FullName);
        Journal = new JournalFile(Paths);
        Write("/etc/debian_version", "12.1\n");
        Write("/etc/resolv.conf", "search corp.test\nnameserver 192.0.2.53\n");
        Write("/etc/nsswitch.conf", "hosts: files resolve [!UNAVAIL=return] dns\n");
        Write("/usr/share/ca-certificates/other.crt", HostTexts.OtherCa);
        Write("/etc/ssl/certs/ca-certificates.crt", HostTexts.OtherCa);
        Link("/etc/ssl/certs/other.pem", "/usr/share/ca-certificates/other.crt");
        Link("/etc/ssl/certs/01234567.0", "other.pem");
        Write("/etc/ssl/certs/java/cacerts", JavaKeyStore.Write(1, [JavaKeyStore.Entry("other", PemBundle.Der(HostTexts.OtherCa), DateTimeOffset.UnixEpoch)], "changeit"));
        Write("/usr/bin/pip", "");
        Write("/usr/bin/node", "");
        Write("/usr/lib/python3/dist-packages/certifi/cacert.pem", HostTexts.OtherCa);
        Write("/opt/corp.pem", HostTexts.OtherCa);
        Directory.CreateDirectory(At("/usr/local/share/ca-certificates"));
        Directory.CreateDirectory(At("/run"));
        Directory.CreateDirectory(At("/var/lib"));
    }

    public HostPaths Paths { get; }

    public JournalFile Journal { get; }

    public Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal) { ["REQUESTS_CA_BUNDLE"] = "/opt/corp.pem" };

    public string At(string path) => Paths.At(path);

    public string Read(string path) => TextLines.Read(File.ReadAllBytes(Paths.Real(At(path))));

    public void Write(string path, string content) => Write(path, TextLines.Write(content));

    public void Write(string path, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllBytes(At(path), content);
        File.SetLastWriteTimeUtc(At(path), new DateTime(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc));
    }

    public void Link(string path, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.CreateSymbolicLink(At(path), to);
    }

    public HostJournal Begin(HostPhase phase = HostPhase.Starting) => new()
    {
        Id = HostSetup.NewId(),
        Phase = phase,
        Boot = Machine.Boot,
        Namespace = Machine.Namespace,
        StartedAt = DateTimeOffset.UnixEpoch,
        Mode = "record",
        Tag = "example1",
        Server = new HostServer(null, "/var/lib/kache", null),
        Facts = HostTexts.Facts,
    };

    public HostJournal Apply(Action<string>? reached = null, bool tryMounts = true)
    {
        Directory.CreateDirectory(Paths.State);
        var journal = Begin();
        Journal.Write(journal);
        var setup = new HostSetup(Paths, Journal, reached, tryMounts);
        journal = setup.Apply(journal, new TrustStores(Paths, Variables.GetValueOrDefault).Find(HostTexts.Facts), ResolverDetection.Look(Paths));
        Notes.AddRange(setup.Notes);
        return journal;
    }

    public List<string> Notes { get; } = [];

    /// <summary>What stop does to the machine, from the journal on disk alone.</summary>
    public HostJournal Undo(Action<string>? reached = null)
    {
        var setup = new HostSetup(Paths, Journal, reached);
        try
        {
            return setup.Undo(Journal.Read()!);
        }
        finally
        {
            Notes.AddRange(setup.Notes);
        }
    }

    /// <summary>Everything but Kache's own folders: kind, mode, owner, time of change of files, and content.</summary>
    public IReadOnlyDictionary<string, string> Snapshot()
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFileSystemEntries(_root.FullName, "*", SearchOption.AllDirectories))
        {
            var told = Paths.Told(path);
            if (told.StartsWith("/var/lib/kache-host", StringComparison.Ordinal) || told.StartsWith("/run/kache", StringComparison.Ordinal)) continue;
            var file = new FileInfo(path);
            all[told] = file.LinkTarget is { } to ? $"link {to}"
                : Directory.Exists(path) ? $"folder {file.UnixFileMode}"
                : $"file {file.UnixFileMode} {file.LastWriteTimeUtc:O} {Digest.Of(File.ReadAllBytes(path))}";
        }
        return all;
    }

    public IReadOnlyList<string> Mounts() =>
        [.. File.ReadLines("/proc/self/mountinfo").Select(line => line.Split(' ')[4]).Where(point => point.StartsWith(_root.FullName, StringComparison.Ordinal))];

    public void Dispose()
    {
        foreach (var point in Mounts().OrderByDescending(point => point.Length)) HostCalls.Unmount(point);
        _root.Delete(recursive: true);
    }
}
