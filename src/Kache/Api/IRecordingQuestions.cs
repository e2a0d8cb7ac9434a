using Kache.Store;

namespace Kache.Api;

/// <summary>Questions about recordings that are answered by the code that plays them back. Given by who composes the server.</summary>
internal interface IRecordingQuestions
{
    Task<WhyInfo> WhyAsync(SealedRecording recording, WhyRequest request, CancellationToken cancellation);

    Task<VerifyInfo> VerifyAsync(SealedRecording recording, CancellationToken cancellation);

    Task<DiffInfo> DiffAsync(SealedRecording old, SealedRecording current, CancellationToken cancellation);
}
