using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Kache.EndToEnd.Machines;

/// <summary>
/// Sockets of the test process that live in a machine's network. A socket belongs to the network namespace of the thread
/// that made it, for ever; so a thread enters the namespace, makes the socket and ends.
/// </summary>
internal static partial class NamespaceSockets
{
    private const int NewNetwork = 0x40000000;

    public static Socket Create(int machine, AddressFamily family, SocketType type, ProtocolType protocol)
    {
        Socket? made = null;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var file = File.OpenHandle($"/proc/{machine}/ns/net");
                if (SetNamespace(file, NewNetwork) != 0) throw new Win32Exception();
                made = new Socket(family, type, protocol);
            }
            catch (Exception e) when (e is IOException or Win32Exception or SocketException)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return made ?? throw new InvalidOperationException($"no socket in the network of process {machine}", failure);
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeHandle file, int kind);
}
