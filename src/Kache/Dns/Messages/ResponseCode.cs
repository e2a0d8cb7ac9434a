namespace Kache.Dns.Messages;

/// <summary>RFC 1035 §4.1.1; 16 and above need EDNS (RFC 6891 §6.1.3).</summary>
internal enum ResponseCode
{
    NoError = 0,
    FormatError = 1,
    ServerFailure = 2,
    NoSuchName = 3,
    NotImplemented = 4,
    Refused = 5,
    BadVersion = 16,
}
