using System.Runtime.InteropServices;

namespace Kache.Sandbox.Kernel;

/// <summary>
/// A program of the kernel's packet filter (classic BPF) that lets through what a client begins with: the first packet of a TCP
/// connection, and UDP. What is served is sorted out later; a download's packets are not even copied.
/// </summary>
internal static class PacketFilter
{
    private const byte TcpProtocol = 6;
    private const byte UdpProtocol = 17;
    private const byte SynAndAck = 0x12;
    private const byte Syn = 2;

    // Enough of a packet to know where it wants to go: the largest IPv4 head and ports.
    private const uint Snap = 128;

    /// <summary>struct sock_filter.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal readonly record struct Instruction(ushort Code, byte IfTrue, byte IfFalse, uint Value);

    private const ushort LoadByte = 0x30;
    private const ushort LoadByteIndexed = 0x50;
    private const ushort LoadHeadLength = 0xb1;
    private const ushort And = 0x54;
    private const ushort JumpIfEqual = 0x15;
    private const ushort Return = 0x06;

    public static readonly Instruction[] Beginnings =
    [
        new(LoadByte, 0, 0, 0),                      //  0 version and head length
        new(And, 0, 0, 0xf0),                        //  1
        new(JumpIfEqual, 0, 7, 0x40),                //  2 IPv4, else to 10
        new(LoadByte, 0, 0, 9),                      //  3 protocol
        new(JumpIfEqual, 12, 0, UdpProtocol),        //  4 take
        new(JumpIfEqual, 0, 12, TcpProtocol),        //  5 else drop
        new(LoadHeadLength, 0, 0, 0),                //  6
        new(LoadByteIndexed, 0, 0, 13),              //  7 flags
        new(And, 0, 0, SynAndAck),                   //  8
        new(JumpIfEqual, 7, 8, Syn),                 //  9 take, else drop
        new(JumpIfEqual, 0, 7, 0x60),                // 10 IPv6, else drop
        new(LoadByte, 0, 0, 6),                      // 11 next head; a client's first packet has no others
        new(JumpIfEqual, 4, 0, UdpProtocol),         // 12 take
        new(JumpIfEqual, 0, 4, TcpProtocol),         // 13 else drop
        new(LoadByte, 0, 0, 40 + 13),                // 14 flags
        new(And, 0, 0, SynAndAck),                   // 15
        new(JumpIfEqual, 0, 1, Syn),                 // 16 else drop
        new(Return, 0, 0, Snap),                     // 17 take
        new(Return, 0, 0, 0),                        // 18 drop
    ];
}
