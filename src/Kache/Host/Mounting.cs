namespace Kache.Host;

/// <summary>Bind mounts of our own, put on and taken off.</summary>
internal static class Mounting
{
    /// <exception cref="MountRefusedException">This process may not mount.</exception>
    public static void Mount(string source, string target, string told)
    {
        var error = HostCalls.BindMount(source, target);
        if (error is HostCalls.NotPermitted or HostCalls.AccessDenied) throw new MountRefusedException(HostCalls.Text(error));
        if (error != 0) throw new HostException($"Nothing can be mounted over {told}: {HostCalls.Text(error)}.");
        File.WriteAllBytes(source + MountedMark, []);
    }

    /// <summary>Takes ours off, and says so when it is not where it was.</summary>
    /// <param name="neutralise">Makes ours harmless where it cannot be taken off.</param>
    /// <returns>Whether it is off.</returns>
    public static bool TakeOff(string source, string target, HostChange change, Action neutralise)
    {
        var stack = MountTable.Read().At(target);
        if (!stack.Any(entry => MountTable.Shows(entry, source)))
        {
            // Never mounted, after a crash in between; a restarted machine; or somebody took it off.
            if (!File.Exists(source + MountedMark)) return true;
            change.Notes.Add($"What start had mounted over {change.Told(target)} had been taken off already.");
            File.Delete(source + MountedMark);
            return true;
        }
        if (!MountTable.Shows(stack[^1], source))
        {
            neutralise();
            change.Notes.Add($"Somebody mounted over {change.Told(target)}, on top of ours: take that off ('umount {change.Told(target)}') and run 'kache stop' again. Ours below it is harmless until then.");
            return false;
        }
        File.Delete(source + MountedMark);
        var error = HostCalls.Unmount(target);
        if (error != 0) throw new HostException($"{change.Told(target)} cannot be unmounted: {HostCalls.Text(error)}. Run 'kache stop' again as root.");
        return TakeOff(source, target, change, neutralise);
    }

    /// <summary>Beside a source, once it is mounted: tells a mount that somebody took off from one that never was.</summary>
    public const string MountedMark = ".mounted";
}

/// <summary>The kernel says that this process may not mount: a container without the right to.</summary>
internal sealed class MountRefusedException(string reason) : Exception(reason);
