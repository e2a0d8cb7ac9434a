using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kache.Api;

/// <summary>JSON of the API and of <c>--json</c>: snake_case, no reflection, nulls written so that a field is always there.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(OpenSession))]
[JsonSerializable(typeof(SessionOpened))]
[JsonSerializable(typeof(SessionInfo))]
[JsonSerializable(typeof(IReadOnlyList<SessionInfo>))]
[JsonSerializable(typeof(SessionClosed))]
[JsonSerializable(typeof(CloseSession))]
[JsonSerializable(typeof(LogEntry))]
[JsonSerializable(typeof(TagInfo))]
[JsonSerializable(typeof(IReadOnlyList<TagInfo>))]
[JsonSerializable(typeof(SetTag))]
[JsonSerializable(typeof(RecordingInfo))]
[JsonSerializable(typeof(CreateToken))]
[JsonSerializable(typeof(TokenCreated))]
[JsonSerializable(typeof(IReadOnlyList<TokenInfo>))]
[JsonSerializable(typeof(CaInfo))]
[JsonSerializable(typeof(ServerStatus))]
[JsonSerializable(typeof(WhyRequest))]
[JsonSerializable(typeof(WhyInfo))]
[JsonSerializable(typeof(VerifyInfo))]
[JsonSerializable(typeof(DiffInfo))]
[JsonSerializable(typeof(ApiError))]
internal sealed partial class ApiJson : JsonSerializerContext;
