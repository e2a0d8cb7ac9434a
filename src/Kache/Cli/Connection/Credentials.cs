using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization;
using Kache.Api;
using Kache.Cli.Settings;

namespace Kache.Cli.Connection;

/// <param name="Ca">The pinned CA, PEM: what the fingerprint was compared with.</param>
internal sealed record Login(string Url, string Token, string Fingerprint, string Ca)
{
    public IKacheApi Open() => ApiConnection.OverTls(new Uri(Url), Token, X509Certificate2.CreateFromPem(Ca));
}

/// <param name="Current">URL of the login that commands use when they are told nothing.</param>
internal sealed record LoginList(string? Current, IReadOnlyList<Login> Logins);

/// <summary>What <c>kache login</c> keeps: $XDG_CONFIG_HOME/kache/credentials.json, mode 0600, one login a server.</summary>
internal sealed class Credentials(Func<string, string?> variable)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public string File { get; } = Path.Combine(Folders.Configuration(variable), "credentials.json");

    public Login? Current => Read() is { Current: { } url } list ? Find(list, url) : null;

    public Login? Find(Uri server) => Find(Read(), Url(server));

    public static string Url(Uri server) => server.GetLeftPart(UriPartial.Authority);

    public void Add(Login login)
    {
        var others = Read().Logins.Where(l => l.Url != login.Url);
        Write(new LoginList(login.Url, [.. others, login]));
    }

    /// <returns>The login that is gone, or null when there was none.</returns>
    public Login? RemoveCurrent()
    {
        var list = Read();
        if (list.Current is null || Find(list, list.Current) is not { } current) return null;
        var left = list.Logins.Where(l => l != current).ToList();
        if (left.Count == 0) System.IO.File.Delete(File);
        else Write(new LoginList(null, left));
        return current;
    }

    private static Login? Find(LoginList list, string url) => list.Logins.FirstOrDefault(l => l.Url == url);

    private LoginList Read()
    {
        if (!System.IO.File.Exists(File)) return new LoginList(null, []);
        try
        {
            return JsonSerializer.Deserialize(System.IO.File.ReadAllText(File), CredentialsJson.Default.LoginList) ?? new LoginList(null, []);
        }
        catch (JsonException malformed)
        {
            throw new KacheException("failed", $"{File} cannot be read as credentials ({malformed.Message}). Remove it and run 'kache login' again.", malformed);
        }
    }

    private void Write(LoginList list)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        var fresh = File + ".new";
        System.IO.File.Delete(fresh);
        using (var stream = new FileStream(fresh, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
        {
            JsonSerializer.Serialize(stream, list, CredentialsJson.Default.LoginList);
            stream.Flush(flushToDisk: true);
        }
        System.IO.File.Move(fresh, File, overwrite: true);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(LoginList))]
internal sealed partial class CredentialsJson : JsonSerializerContext;
