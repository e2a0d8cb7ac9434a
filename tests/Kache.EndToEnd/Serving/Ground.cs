using Kache.EndToEnd.Machines;
using Kache.EndToEnd.Origins;
using Kache.EndToEnd.Wire;
using Xunit;

namespace Kache.EndToEnd.Serving;

/// <summary>
/// What tests of the server stand on: a lab, its world, an origin that follows scripts, a server, and one client that is
/// known by its address. The tests of a class share it, one after another, each with sessions of its own.
/// </summary>
public sealed class Ground : IAsyncLifetime
{
    internal Lab Lab { get; private set; } = null!;

    internal World World { get; private set; } = null!;

    internal ScriptedOrigin Origin { get; private set; } = null!;

    internal RunningServer Server { get; private set; } = null!;

    internal Client Client { get; private set; } = null!;

    internal string Ca { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Lab = await Lab.MakeAsync();
        World = await World.OpenAsync(Lab);
        Origin = new ScriptedOrigin(World);
        Server = await RunningServer.StartAsync(Lab, World, null, "--port=9000", $"--advertise={Lab.ServerAddress}");
        Client = await Lab.NewClientAsync();
        Ca = (await Server.CliAsync("ca", "export").SucceedsAsync()).Out;
    }

    internal Task<OpenedSession> RecordAsync(string tag, params string[] more) => Server.OpenAsync("record", tag, Client, more);

    internal Task<OpenedSession> PlayBackAsync(string tag, params string[] more) => Server.OpenAsync("playback", tag, Client, more);

    /// <summary>One request of the client, on a connection of its own.</summary>
    internal Task<HttpAnswer> AskAsync(string url, string fields = "", string method = "GET", string? body = null) =>
        HttpWire.AskAsync(Client, url, Ca, fields, method, body);

    internal Task<HttpWire> TlsAsync(string host = "script.test", int port = 443) => HttpWire.TlsAsync(Client, host, Ca, port);

    internal Task<HttpWire> PlainAsync(int port = 80) => HttpWire.PlainAsync(Client, port);

    /// <summary>The same request, recorded and then played back while every origin is cut off.</summary>
    internal async Task<(HttpAnswer Recorded, HttpAnswer Played)> BothAsync(string tag, Func<Task<HttpAnswer>> ask)
    {
        HttpAnswer recorded, played;
        await using (var recording = await RecordAsync(tag))
        {
            recorded = await ask();
            await recording.CloseAsync();
        }
        await Lab.CutOriginsOffAsync();
        try
        {
            await using var playback = await PlayBackAsync(tag);
            var before = await Lab.DeparturesAsync();
            played = await ask();
            await playback.CloseAsync();
            Assert.Equal(default, await Lab.DeparturesAsync() - before);
        }
        finally
        {
            await Lab.ConnectOriginsAsync();
        }
        return (recorded, played);
    }

    internal Task<(HttpAnswer Recorded, HttpAnswer Played)> BothAsync(string tag, string url, string fields = "", string method = "GET", string? body = null) =>
        BothAsync(tag, () => AskAsync(url, fields, method, body));

    public async ValueTask DisposeAsync()
    {
        if (Server is not null) await Server.DisposeAsync();
        if (Origin is not null) await Origin.DisposeAsync();
        World?.Dispose();
        if (Lab is not null) await Lab.DisposeAsync();
    }
}
