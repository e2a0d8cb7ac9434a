namespace Kache.Dns;

/// <summary>
/// The questions that are answered the same way for everybody, without asking a session:
/// HTTPS, SVCB, SRV of the web, ANY, localhost, DNS-over-HTTPS names. Pure.
/// </summary>
internal static class NamePolicy
{
}
