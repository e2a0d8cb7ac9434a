namespace Kache.Api;

/// <summary>Questions about recordings: asked by whoever may see them.</summary>
internal sealed class QuestionHandlers(ApiParts parts, Caller caller)
{
    private readonly References _references = new(parts.Store, caller);

    public async Task<WhyInfo> WhyAsync(WhyRequest request, CancellationToken cancellation)
    {
        using var recording = await OpenAsync(request.Reference, cancellation);
        return await parts.Questions.WhyAsync(recording, request, cancellation);
    }

    public async Task<VerifyInfo> VerifyAsync(string reference, CancellationToken cancellation)
    {
        using var recording = await OpenAsync(reference, cancellation);
        return await parts.Questions.VerifyAsync(recording, cancellation);
    }

    public async Task<DiffInfo> DiffAsync(string old, string current, CancellationToken cancellation)
    {
        using var one = await OpenAsync(old, cancellation);
        using var other = await OpenAsync(current, cancellation);
        return await parts.Questions.DiffAsync(one, other, cancellation);
    }

    private async Task<Store.SealedRecording> OpenAsync(string reference, CancellationToken cancellation) =>
        await parts.Store.OpenRecordingAsync(await _references.ResolveAsync(reference, cancellation), cancellation);
}
