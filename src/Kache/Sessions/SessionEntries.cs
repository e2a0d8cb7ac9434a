using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Kache.Exchanges;
using Kache.Store;

namespace Kache.Sessions;

/// <summary>Sessions as the catalog keeps them.</summary>
internal static class SessionEntries
{
    public static SessionEntry Of(string id, SessionRequest request, Digest? resolved, byte[] secretHash, DateTimeOffset opened) => new(
        id, Word(request.Mode), request.Reference.ToString(), resolved, [.. request.Clients.Select(client => client.ToString())],
        secretHash, request.OwnerToken, JsonSerializer.Serialize(request.Options, SessionJson.Default.SessionOptions), opened, ClosedAt: null);

    public static SessionEntry Of(Session session) => Of(
        session.Id, new SessionRequest(session.Mode, session.Reference, session.Options, session.Clients, session.OwnerToken),
        session.Resolved, session.SecretHash, session.OpenedAt);

    /// <summary>An option that this version does not know was set by a newer one: it is not passed over in silence.</summary>
    /// <exception cref="JsonException">The options were written by another version.</exception>
    /// <exception cref="FormatException">So was something else.</exception>
    public static SessionRequest Request(SessionEntry entry)
    {
        if (!Reference.TryParse(entry.Reference, out var reference)) throw new FormatException($"'{entry.Reference}' is not a reference");
        var options = JsonSerializer.Deserialize(entry.OptionsJson, SessionJson.Default.SessionOptions) ?? new SessionOptions();
        return new SessionRequest(Mode(entry.Mode), reference, options, [.. entry.Clients.Select(IPAddress.Parse)], entry.OwnerToken);
    }

    private static SessionMode Mode(string word) => word switch
    {
        "record" => SessionMode.Record,
        "playback" => SessionMode.Playback,
        _ => throw new FormatException($"'{word}' is not a mode"),
    };

    private static string Word(SessionMode mode) => mode == SessionMode.Record ? "record" : "playback";
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(SessionOptions))]
internal sealed partial class SessionJson : JsonSerializerContext;
