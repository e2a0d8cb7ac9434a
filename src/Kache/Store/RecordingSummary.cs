namespace Kache.Store;

/// <param name="Requests">Exchanges, failed ones too.</param>
/// <param name="Bytes">Sum of the lengths of response bodies.</param>
/// <param name="Hosts">Different authorities.</param>
/// <param name="Gaps">Gaps listed.</param>
internal readonly record struct RecordingSummary(long Requests, long Bytes, int Hosts, int Gaps);
