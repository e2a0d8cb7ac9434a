namespace Kache.Dns.Messages;

/// <summary>The types of resource records that mean something to Kache (IANA, "DNS Parameters").</summary>
internal static class RecordType
{
    public const int A = 1;
    public const int Ns = 2;
    public const int Cname = 5;
    public const int Soa = 6;
    public const int Ptr = 12;
    public const int HostInfo = 13;
    public const int Mx = 15;
    public const int Txt = 16;
    public const int Aaaa = 28;
    public const int Srv = 33;
    public const int Opt = 41;
    public const int Svcb = 64;
    public const int Https = 65;

    /// <summary>128 to 255 ask for something else than records of a type (RFC 6895 §3.1).</summary>
    public const int FirstMeta = 128;
    public const int Ixfr = 251;
    public const int Axfr = 252;
    public const int Any = 255;
}
