using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Kache.Sandbox.Kernel;

/// <summary>The kernel said no: which call, about what, and why.</summary>
internal sealed class SystemCallException(string call, int error) : IOException($"{call} failed: {new Win32Exception(error).Message}.")
{
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int Interrupted = 4;
    public const int NoChild = 10;
    public const int AccessDenied = 13;
    public const int NoDirectory = 20;
    public const int FamilyNotSupported = 97;

    public int Error { get; } = error;

    /// <param name="result">Of a call that sets errno.</param>
    public static int Check(nint result, string call) => result >= 0 ? (int)result : throw new SystemCallException(call, Marshal.GetLastPInvokeError());
}
