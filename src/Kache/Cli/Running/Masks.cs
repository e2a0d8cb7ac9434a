using Kache.Cli.Settings;
using Kache.Server;

namespace Kache.Cli.Running;

/// <summary>
/// Ways around that are not IP: sockets of programs that would fetch for the command, or start something outside, and Kache's
/// own files. What is not on this machine is left out.
/// </summary>
internal static class Masks
{
    // The user's manager, session bus, keyrings and engines live in $XDG_RUNTIME_DIR; the system's bus starts services; nscd and sssd answer names.
    private static readonly string[] Folders = ["/run/dbus", "/run/nscd", "/run/avahi-daemon", "/run/WSL"];

    private static readonly string[] Sockets =
    [
        "/run/systemd/private", "/run/systemd/resolve/io.systemd.Resolve", "/run/systemd/resolve/io.systemd.Resolve.Monitor",
        "/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock", "/run/crio/crio.sock", "/run/buildkit/buildkitd.sock",
        "/run/k3s/containerd/containerd.sock", "/run/libvirt/libvirt-sock", "/run/libvirt/virtqemud-sock", "/run/snapd.socket", "/run/snapd-snap.socket",
        "/run/incus/unix.socket", "/var/lib/incus/unix.socket", "/var/lib/lxd/unix.socket", "/var/snap/lxd/common/lxd/unix.socket",
        "~/.docker/run/docker.sock", "~/.docker/desktop/docker.sock", "~/.rd/docker.sock", "~/.colima/default/docker.sock", "~/.lima/docker/sock/docker.sock",
    ];

    private static readonly string[] SocketVariables = ["DOCKER_HOST", "CONTAINER_HOST", "BUILDKIT_HOST", "CONTAINERD_ADDRESS"];

    /// <summary>Buses are not to be had; and proxies of the caller's would lead to a port that nobody serves inside.</summary>
    public static readonly IReadOnlyList<string> TakenVariables =
        ["DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS", .. ProxyVariables];

    private static IEnumerable<string> ProxyVariables =>
        ["http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY", "NO_PROXY", "npm_config_proxy", "npm_config_https_proxy"];

    /// <summary>The caller's proxies that are taken away, for a word about it.</summary>
    public static IReadOnlyList<string> SetProxies(Func<string, string?> variable) =>
        [.. ProxyVariables.Where(name => !name.EndsWith("no_proxy", StringComparison.OrdinalIgnoreCase) && variable(name) is { Length: > 0 })];

    public static IReadOnlyList<string> EmptyFolders(string data, Func<string, string?> variable)
    {
        var own = new[] { Settings.Folders.SystemData, Settings.Folders.UserData(variable), Settings.Folders.Configuration(variable), "/var/lib/kache-host" };
        var runtime = new[] { $"/run/user/{Libc.UserId}", variable("XDG_RUNTIME_DIR") };
        var workshop = Real(data);
        return [.. Folders.Concat(Folders.Select(f => "/var" + f)).Concat(own).Concat(runtime).OfType<string>()
            .Where(Directory.Exists).Select(Real).Where(folder => folder != workshop && folder != "/").Distinct(StringComparer.Ordinal)];
    }

    public static IReadOnlyList<string> DeadSockets(Func<string, string?> variable)
    {
        var home = variable("HOME") ?? "/nonexistent";
        var named = SocketVariables.Select(variable).OfType<string>().Select(told => told.StartsWith("unix://", StringComparison.Ordinal) ? told[7..] : told);
        return [.. Sockets.Select(s => s.StartsWith('~') ? home + s[1..] : s).SelectMany(s => s.StartsWith("/run/", StringComparison.Ordinal) ? [s, "/var" + s] : new[] { s })
            .Concat(named).Where(s => s.StartsWith('/') && File.Exists(s)).Select(Real).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Where a path really leads; a mount has to be made there.</summary>
    public static string Real(string path) => new Host.HostPaths().Real(path);

    public static bool IsBelow(string path, string folder) => path.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal);
}
