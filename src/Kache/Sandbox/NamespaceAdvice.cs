namespace Kache.Sandbox;

/// <summary>What a machine says of who may make namespaces, and the switch that would let this user; for errors and for doctor.</summary>
/// <param name="read">A file's content; null where there is none, or none to be read.</param>
internal sealed class NamespaceAdvice(Func<string, string?> read)
{
    private const string AppArmorProfile = "/etc/apparmor.d/kache";

    public static NamespaceAdvice OfThisMachine { get; } = new(path =>
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    });

    /// <param name="program">This program, as AppArmor names it.</param>
    /// <param name="hasUnshare">Whether util-linux is there.</param>
    /// <returns>What to change, in sentences; empty where nothing is known to be in the way.</returns>
    public IReadOnlyList<string> Switches(string program, bool hasUnshare)
    {
        var found = new List<string>();
        if (!hasUnshare) found.Add("Install util-linux: its program unshare makes the namespaces.");
        if (read("/proc/sys/user/max_user_namespaces") == "0")
            found.Add("User namespaces are switched off: as root, sysctl -w user.max_user_namespaces=15000");
        if (read("/proc/sys/kernel/unprivileged_userns_clone") == "0")
            found.Add("User namespaces are for root only: as root, sysctl -w kernel.unprivileged_userns_clone=1");
        if (read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1")
        {
            found.Add($"AppArmor keeps user namespaces to programs that have a profile (Ubuntu). As root, write {AppArmorProfile}: "
                + $"\"abi <abi/4.0>, include <tunables/global> profile kache {program} flags=(unconfined) {{ userns, }}\", then: apparmor_parser -r {AppArmorProfile}");
        }
        if (IsContainer())
        {
            found.Add("This is a container that may not make namespaces. Start it with the right to (docker run --cap-add SYS_ADMIN --security-opt seccomp=unconfined "
                + "--security-opt apparmor=unconfined --security-opt systempaths=unconfined), or use 'kache start' and 'kache stop' as root in it.");
        }
        return found;
    }

    private bool IsContainer() => read("/.dockerenv") is not null || read("/run/.containerenv") is not null
        || read("/proc/1/environ")?.Contains("container=", StringComparison.Ordinal) == true || read("/proc/self/cgroup")?.Contains("/docker/", StringComparison.Ordinal) == true
        || read("/proc/self/cgroup")?.Contains("kubepods", StringComparison.Ordinal) == true;
}
