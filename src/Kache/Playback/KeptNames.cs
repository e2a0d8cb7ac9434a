using Kache.Dns;
using Kache.Store;

namespace Kache.Playback;

/// <summary>Names in playback (BEHAVIOUR N1 and N3): what was kept, and nothing that would have to be asked.</summary>
internal sealed class KeptNames(SealedRecording recording)
{
    private const int A = 1;
    private const int Aaaa = 28;
    private const int NoSuchName = 3;

    private readonly HashSet<string> _hosts = recording.Hosts.Select(host => host.DialName).ToHashSet(StringComparer.Ordinal);

    public NameAnswer Answer(string name, int type)
    {
        // A name never seen leads to the proxy, so that what is asked there is a miss that is told.
        if (type is A or Aaaa) return IsKnownNotToExist(name) ? new NameAnswer.NoSuchName() : new NameAnswer.Proxy();
        if (recording.FindName(name, type) is { } kept)
        {
            if (kept.Answer.Length > 0) return new NameAnswer.Kept(kept.Answer);
            if (kept.ResponseCode == NoSuchName) return new NameAnswer.NoSuchName();
        }
        return IsKnownNotToExist(name) ? new NameAnswer.NoSuchName() : new NameAnswer.NoData();
    }

    // A host that was also spoken to existed, whatever was said of it at another time.
    private bool IsKnownNotToExist(string name) =>
        recording.FindName(name, A) is { ResponseCode: NoSuchName } && !_hosts.Contains(name);
}
