using Kache.EndToEnd.Machines;

namespace Kache.EndToEnd.Host;

/// <summary>What a machine's configuration looks like to its own programs: every file of it, and every mount.</summary>
internal static class MachineState
{
    public static async Task<string> OfAsync(Machine machine) => (await machine.ShellAsync(
        """
        cd /
        find etc usr/local/share usr/share/ca-certificates usr/lib/ssl root home -xdev \( -path root/.config/kache -o -path root/.dotnet \) -prune -o \
          \( -type f -printf '%m %u %p ' -exec sh -c 'sha256sum < "$1"' - {} \; \) -o \( -type l -printf '%p -> %l\n' \) -o \( -type d -printf '%m %u %p\n' \) 2>/dev/null | LC_ALL=C sort
        # Files that are mounts of their own are seen by the walk above only as what lies beneath.
        for file in /etc/resolv.conf /etc/nsswitch.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt; do echo "$file $(sha256sum < $file 2>/dev/null)"; done
        awk '{ print "mounted", $5, $4 }' /proc/self/mountinfo | LC_ALL=C sort
        """, TimeSpan.FromMinutes(1)).SucceedsAsync()).Out;
}
