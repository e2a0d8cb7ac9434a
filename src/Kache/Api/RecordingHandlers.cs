using Kache.Exchanges;
using Kache.Store;

namespace Kache.Api;

/// <summary>Tags and sealed recordings.</summary>
internal sealed class RecordingHandlers(ApiParts parts, Caller caller)
{
    private readonly References _references = new(parts.Store, caller);

    public async Task<IReadOnlyList<TagInfo>> TagsAsync(CancellationToken cancellation)
    {
        var tags = new List<TagInfo>();
        foreach (var entry in await parts.Store.Catalog.TagsAsync(cancellation))
        {
            if (caller.Allow.MaySee(entry.Tag.Value)) tags.Add(await DescribeAsync(entry, cancellation));
        }
        return tags;
    }

    public async Task<RecordingInfo> ShowAsync(string reference, CancellationToken cancellation)
    {
        var digest = await _references.ResolveAsync(reference, cancellation);
        using var recording = await parts.Store.OpenRecordingAsync(digest, cancellation);
        var hosts = new SortedDictionary<string, (long Requests, long Bytes)>(StringComparer.Ordinal);
        await foreach (var exchange in recording.ReadAllAsync(cancellation))
        {
            var host = exchange.Request.Authority.ToString();
            var (requests, bytes) = hosts.GetValueOrDefault(host);
            hosts[host] = (requests + 1, bytes + exchange.Response.Body.Length);
        }
        var tags = (await parts.Store.Catalog.TagsAsync(cancellation)).Where(t => caller.Allow.MaySee(t.Tag.Value)).ToList();
        return new RecordingInfo(
            digest.ToString(),
            [.. tags.Where(t => t.Digest == digest).Select(t => t.Tag.Value)],
            recording.Summary.Requests,
            recording.Summary.Bytes,
            [.. hosts.Select(h => new HostInfo(h.Key, h.Value.Requests, h.Value.Bytes))],
            [.. recording.Gaps.Select(Describe)],
            await HistoryAsync(References.Parse(reference), digest, tags, cancellation));
    }

    public async Task<TagInfo> TagAsync(string reference, string newTag, CancellationToken cancellation)
    {
        var tag = References.ParseTag(newTag);
        if (!caller.Allow.MayRecord(tag.Value))
            throw new KacheException("not_allowed", $"The token may not move the tag '{tag}': it needs record:{tag}. Ask an administrator of the server for one that may.");
        var digest = await _references.ResolveAsync(reference, cancellation);
        await parts.Store.Catalog.MoveTagAsync(tag, digest, cancellation);
        return await DescribeAsync(new TagEntry(tag, digest, parts.Clock.GetUtcNow()), cancellation);
    }

    public async Task RemoveAsync(string text, CancellationToken cancellation)
    {
        var reference = References.Parse(text);
        if (reference is { Tag: { } tag, DigestPrefix: null })
        {
            if (!caller.Allow.MaySee(tag.Value)) throw References.Unknown(reference);
            if (!caller.Allow.MayRecord(tag.Value))
                throw new KacheException("not_allowed", $"The token may not remove the tag '{tag}': it needs record:{tag}.");
            if (!await parts.Store.Catalog.RemoveTagAsync(tag, cancellation)) throw References.Unknown(reference);
            return;
        }
        if (!caller.Allow.IsAdmin) throw new KacheException("not_allowed", "Only an administrator may remove a recording by its digest.");
        var digest = await _references.ResolveAsync(text, cancellation);
        await RefuseIfUsedAsync(digest, cancellation);
        if (!await parts.Store.RemoveRecordingAsync(digest, cancellation)) throw References.Unknown(reference);
    }

    internal static GapInfo Describe(Gap gap) => new(gap.At, GapWords.Of(gap.Kind), gap.Where, gap.Detail);

    private async Task RefuseIfUsedAsync(Digest digest, CancellationToken cancellation)
    {
        var tags = (await parts.Store.Catalog.TagsAsync(cancellation)).Where(t => t.Digest == digest).Select(t => t.Tag.Value).ToList();
        if (tags.Count > 0)
            throw new KacheException("conflict", $"The recording {digest} is what {string.Join(", ", tags)} points to. Remove the tag first: kache rm {tags[0]}.");
        var running = await parts.Store.Catalog.SessionsAsync(onlyRunning: true, cancellation);
        if (running.FirstOrDefault(s => s.Resolved == digest) is { } session)
            throw new KacheException("conflict", $"The recording {digest} is being played back in session {session.Id}. Close it first: kache session close {session.Id}.");
    }

    private async Task<TagInfo> DescribeAsync(TagEntry entry, CancellationToken cancellation)
    {
        using var recording = await parts.Store.OpenRecordingAsync(entry.Digest, cancellation);
        var summary = recording.Summary;
        return new TagInfo(entry.Tag.Value, entry.Digest.ToString(), entry.MovedAt, summary.Requests, summary.Bytes, summary.Hosts, summary.Gaps);
    }

    /// <summary>Of the tag asked for; for a digest, of every tag that points to it.</summary>
    private async Task<IReadOnlyList<TagMove>> HistoryAsync(Reference reference, Digest digest, IReadOnlyList<TagEntry> tags, CancellationToken cancellation)
    {
        var named = reference.Tag is { } tag ? [tag] : tags.Where(t => t.Digest == digest).Select(t => t.Tag).ToList();
        var moves = new List<TagMove>();
        foreach (var each in named)
        {
            foreach (var move in await parts.Store.Catalog.HistoryAsync(each, cancellation))
                moves.Add(new TagMove(move.Tag.Value, move.Digest.ToString(), move.MovedAt));
        }
        return moves;
    }
}
