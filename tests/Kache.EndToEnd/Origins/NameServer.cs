using Kache.EndToEnd.Machines;

namespace Kache.EndToEnd.Origins;

/// <summary>The DNS of the world: names under .test, and for the rest what this machine's resolver says.</summary>
internal sealed class NameServer
{
    private readonly string file;

    private NameServer(string file) => this.file = file;

    /// <summary>Every question that was asked, one a line: <c>query[A] files.test from 10.77.0.1</c>.</summary>
    public IEnumerable<string> Questions => File.ReadLines(file).Where(l => l.Contains(" query[", StringComparison.Ordinal)).Select(l => l[l.IndexOf("query[", StringComparison.Ordinal)..]);

    public static async Task<NameServer> StartAsync(Lab lab, bool registries)
    {
        var configuration = Path.Combine(lab.Folder, "dnsmasq.conf");
        var log = Path.Combine(lab.Folder, "dnsmasq.log");
        await File.WriteAllTextAsync(configuration,
            $"""
            user=root
            keep-in-foreground
            no-hosts
            no-resolv
            cache-size=0
            bind-interfaces
            listen-address={Lab.WorldAddress}
            log-queries
            log-facility={log}
            local=/test/
            {string.Join('\n', Names.OfNginx.Select(n => $"host-record={n},{Lab.WorldAddress},fd77::2"))}
            {string.Join('\n', Names.OfScripts.Select(n => $"host-record={n},{Names.ScriptsAddress}"))}
            host-record=refusing.test,{Names.RefusingAddress}
            host-record=only6.test,fd77::2
            txt-record=files.test,"a text"
            mx-host=files.test,mail.files.test,10
            srv-host=_ldap._tcp.files.test,files.test,389,0,100
            srv-host=_https._tcp.files.test,files.test,443,0,100
            srv-host=_http._tcp.files.test,files.test,80,0,100
            ptr-record=2.0.77.10.in-addr.arpa,files.test
            caa-record=files.test,0,issue,ca.test
            # Nobody is there: no answer ever comes.
            server=/silent.test/10.77.0.250
            # Port 53 is closed there.
            server=/broken.test/{Names.RefusingAddress}
            {(registries ? "server=10.0.2.3" : "local=/com/net/org/")}

            """);
        var process = lab.World.Start(["/usr/sbin/dnsmasq", "--conf-file=" + configuration]);
        await lab.World.ShellAsync($"for i in $(seq 100); do dig +short +time=1 +tries=1 @{Lab.WorldAddress} files.test | grep -q 10.77 && exit 0; sleep 0.05; done; exit 1").SucceedsAsync();
        if (process.HasEnded) throw new InvalidOperationException($"dnsmasq ended: {process.Err}");
        return new NameServer(log);
    }
}
