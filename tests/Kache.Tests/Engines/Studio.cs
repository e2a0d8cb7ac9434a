using System.Text;
using Kache.Exchanges;
using Kache.Playback;
using Kache.Recording;
using Kache.Sessions;
using Kache.Store;
using Kache.Upstream;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using SessionOptions = Kache.Sessions.SessionOptions;

namespace Kache.Tests.Engines;

/// <summary>
/// A real store in a folder of its own, in which a real recorder records and a real player plays back. Clients speak to a
/// Kestrel set as the proxy's is, that gives every request to the engine; origins are raw ones on loopback.
/// </summary>
internal sealed class Studio : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _open = [];
    private int _sessions;

    private Studio(DataStore store, string folder) => (Store, Folder) = (store, folder);

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public DataStore Store { get; }

    public string Folder { get; }

    public static async Task<Studio> OpenAsync()
    {
        var folder = Directory.CreateTempSubdirectory("kache-studio-").FullName;
        return new Studio(await DataStore.OpenAsync(folder, StoreAccess.Server, TimeProvider.System, Stop), folder);
    }

    /// <param name="origin">Where every request goes.</param>
    public async Task<Stage> RecordAsync(Authority origin, SessionOptions? options = null, UpstreamTrust? trust = null, string scheme = "http")
    {
        var way = WayOut.Create(new UpstreamOptions(), trust ?? new UpstreamTrust([], [], null, TimeProvider.System), TimeProvider.System);
        var factory = new RecorderFactory(Store, way.Http, way.Dialer, way.Names, way.Options, TimeProvider.System, NullLoggerFactory.Instance);
        return await StageAsync(factory, SessionMode.Record, options, null, origin, scheme);
    }

    /// <param name="origin">What every request says it is for.</param>
    public Task<Stage> PlayAsync(Digest recording, Authority origin, SessionOptions? options = null, string scheme = "http") =>
        StageAsync(new PlayerFactory(Store, TimeProvider.System, NullLoggerFactory.Instance), SessionMode.Playback, options, recording, origin, scheme);

    /// <summary>Drains, seals and opens what was recorded.</summary>
    public async Task<Digest> SealAsync(Stage stage)
    {
        await stage.Engine.DrainAsync(TimeSpan.FromSeconds(10), Stop);
        return await Store.SealAsync(((Recorder)stage.Engine).Journal, Stop);
    }

    public async Task<List<Exchange>> ExchangesAsync(Digest recording)
    {
        using var opened = await Store.OpenRecordingAsync(recording, Stop);
        var exchanges = new List<Exchange>();
        await foreach (var exchange in opened.ReadAllAsync(Stop)) exchanges.Add(exchange);
        return exchanges;
    }

    public async Task<string> BodyAsync(Digest recording, Body body)
    {
        using var opened = await Store.OpenRecordingAsync(recording, Stop);
        using var reader = opened.OpenBody(body.Digest);
        var content = new MemoryStream();
        var pipe = System.IO.Pipelines.PipeWriter.Create(content);
        if (reader is not null) await reader.CopyRangeAsync(pipe, 0, reader.Length, Stop);
        await pipe.FlushAsync(Stop);
        return Encoding.Latin1.GetString(content.ToArray());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var each in Enumerable.Reverse(_open)) await each.DisposeAsync();
        await Store.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private async Task<Stage> StageAsync(ISessionEngineFactory factory, SessionMode mode, SessionOptions? options, Digest? resolved, Authority origin, string scheme)
    {
        var id = $"s{++_sessions}";
        var log = SessionLog.Open(SessionLog.FileOf(Folder, id));
        var engine = await factory.CreateAsync(new SessionSetup(id, mode, options ?? new SessionOptions(), resolved, log), Stop);
        var stage = await Stage.StartAsync(engine, log, SessionLog.FileOf(Folder, id), origin, scheme);
        _open.Add(stage);
        return stage;
    }
}
