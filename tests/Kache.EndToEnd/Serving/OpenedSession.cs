namespace Kache.EndToEnd.Serving;

/// <summary>A session, as <c>session open --json</c> told of it. One that a test leaves open ends with the test.</summary>
internal sealed class OpenedSession(RunningServer server, string id, string proxy, string ca) : IAsyncDisposable
{
    private bool closed;

    public string Id => id;

    /// <summary>http://ID:SECRET@ADDRESS:PORT</summary>
    public string Proxy => proxy;

    public string Ca => ca;

    public async Task<EndedSession> CloseAsync(int exitCode = 0, params string[] more)
    {
        closed = true;
        return await server.CloseAsync(id, exitCode, more);
    }

    /// <summary>Its answers, a line each, as <c>kache log --json</c> tells them.</summary>
    public async Task<string> LogAsync() => (await server.CliAsync("log", id, "--json")).Succeeds().Out;

    public async ValueTask DisposeAsync()
    {
        if (!closed) await server.CliAsync("session", "close", id, "--no-wait");
    }
}
