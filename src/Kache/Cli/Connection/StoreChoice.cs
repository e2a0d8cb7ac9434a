using Kache.Api;
using Kache.Cli.Settings;
using Kache.Server;
using Kache.Sessions;

namespace Kache.Cli.Connection;

/// <summary>What was chosen: a login to a server, or a data folder.</summary>
internal sealed record StoreChoice(Login? Login, string? DataFolder)
{
    /// <summary>What the configuration says of hosts, for questions that no server answers.</summary>
    public SessionRules Rules { get; init; } = SessionRules.None;

    /// <exception cref="KacheException">The server is not a URL, or nobody is logged in to it; both options were given.</exception>
    public static StoreChoice Of(string? serverOption, string? dataOption, LayeredSettings settings, Func<string, string?> variable)
    {
        var (server, data) = (settings.Single("server"), settings.Single("data"));
        if (settings.Mistakes.Count > 0) throw new KacheException("invalid", string.Join('\n', settings.Mistakes));
        if (serverOption is not null && dataOption is not null) throw new KacheException("invalid", "--server and --data name two stores. Give one of them.");
        var credentials = new Credentials(variable);
        if (dataOption is null)
        {
            if ((serverOption ?? server) is { } named) return new StoreChoice(LoginOf(named, credentials), null);
            if (credentials.Current is { } current) return new StoreChoice(current, null);
        }
        return new StoreChoice(null, Path.GetFullPath(dataOption ?? data ?? Folders.Data(variable))) { Rules = settings.Rules };
    }

    public async Task<IKacheApi> OpenAsync(TimeProvider clock, CancellationToken cancellation)
    {
        if (Login is not null) return Login.Open();
        return await OpenRunningAsync(cancellation) ?? await LocalStore.OpenAsync(DataFolder!, Rules, clock, cancellation);
    }

    /// <summary>The server that owns the data folder, or null when none runs there.</summary>
    public async Task<IKacheApi?> OpenRunningAsync(CancellationToken cancellation)
    {
        var socket = Server.DataFolder.Socket(DataFolder!);
        if (!File.Exists(socket)) return null;
        var api = ApiConnection.OverSocket(socket, $"server of {DataFolder}");
        try
        {
            await api.StatusAsync(cancellation);
            return api;
        }
        catch (KacheException gone) when (gone.Token == "unreachable" && !IsDenied(gone))
        {
            // A socket that a dead server left.
            await api.DisposeAsync();
            return null;
        }
    }

    public static Uri ParseServer(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps && url.Host.Length > 0
            ? url
            : throw new KacheException("invalid", $"'{text}' is not a server's URL. Write https://HOST:7070.");

    private static Login LoginOf(string text, Credentials credentials)
    {
        var url = ParseServer(text);
        return credentials.Find(url)
            ?? throw new KacheException("unauthorized", $"There is no login for {Credentials.Url(url)}. Run 'kache login {Credentials.Url(url)} --token-stdin' first.");
    }

    private static bool IsDenied(KacheException failure)
    {
        for (Exception? at = failure; at is not null; at = at.InnerException)
            if (at is System.Net.Sockets.SocketException { SocketErrorCode: System.Net.Sockets.SocketError.AccessDenied }) return true;
        return false;
    }
}
