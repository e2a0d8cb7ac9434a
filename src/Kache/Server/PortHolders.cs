using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Kache.Server;

/// <param name="Process">Name and id, or null when it is not ours to see.</param>
internal sealed record PortHolder(string Address, string? Process);

/// <summary>Who listens on a port, from /proc: so that "address in use" names somebody.</summary>
internal static class PortHolders
{
    private const string Listening = "0A";
    private const string UnconnectedUdp = "07";

    public static PortHolder? Find(IPEndPoint wanted, ProtocolType protocol)
    {
        foreach (var table in protocol == ProtocolType.Udp ? new[] { "udp", "udp6" } : ["tcp", "tcp6"])
        {
            foreach (var line in Lines($"/proc/net/{table}"))
            {
                if (Parse(line) is { } entry && entry.State is Listening or UnconnectedUdp && Conflicts(entry.Local, wanted))
                    return new PortHolder(entry.Local.ToString(), ProcessOf(entry.Inode));
            }
        }
        return null;
    }

    /// <summary>One line of /proc/net/{tcp,udp}[6] (proc_pid_net(5)); null for its heading.</summary>
    internal static (IPEndPoint Local, string State, string Inode)? Parse(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 10 || !words[0].EndsWith(':')) return null;
        var colon = words[1].IndexOf(':', StringComparison.Ordinal);
        if (colon is not (8 or 32)) return null;
        var bytes = Convert.FromHexString(words[1].AsSpan(0, colon));
        // Each group of four bytes is a number in the machine's order, and all the machines we run on are little-endian.
        for (var group = 0; group < bytes.Length; group += 4) Array.Reverse(bytes, group, 4);
        var port = int.Parse(words[1].AsSpan(colon + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return (new IPEndPoint(new IPAddress(bytes), port), words[3], words[9]);
    }

    private static bool Conflicts(IPEndPoint held, IPEndPoint wanted)
    {
        if (held.Port != wanted.Port) return false;
        var (a, b) = (Plain(held.Address), Plain(wanted.Address));
        return a.Equals(b) || IsAny(a) || IsAny(b);
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static string? ProcessOf(string inode)
    {
        var wanted = $"socket:[{inode}]";
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out var id)) continue;
            try
            {
                if (Directory.EnumerateFiles(Path.Combine(folder, "fd")).Any(fd => new FileInfo(fd).LinkTarget == wanted))
                    return $"{File.ReadAllText(Path.Combine(folder, "comm")).Trim()} (pid {id})";
            }
            catch (Exception unseen) when (unseen is IOException or UnauthorizedAccessException)
            {
                // Another user's process, or one that has just ended.
            }
        }
        return null;
    }

    private static IEnumerable<string> Lines(string file) => File.Exists(file) ? File.ReadLines(file) : [];
}
