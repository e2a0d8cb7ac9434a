using System.Collections.Concurrent;
using System.Globalization;
using Kache.Dns;
using Kache.Exchanges;
using Kache.Sessions;
using Kache.Store;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace Kache.Tests.Sessions;

/// <summary>An engine that says what reached it.</summary>
internal sealed class EchoEngine(SessionSetup setup) : ISessionEngine
{
    public SessionSetup Setup => setup;

    public ConcurrentQueue<(Authority Destination, TunnelReason Reason)> Tunnels { get; } = new();

    public TaskCompletionSource Release { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool Drained { get; private set; }

    public SessionJournal? Journal => null;

    public async Task HandleAsync(HttpContext context, RequestRoute route)
    {
        long received = 0;
        var buffer = new byte[64 * 1024];
        while (await context.Request.Body.ReadAsync(buffer, context.RequestAborted) is > 0 and var read) received += read;
        if (route.Target == "/hang")
        {
            await context.Response.WriteAsync("beginning", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Release.Task.WaitAsync(context.RequestAborted);
        }
        context.Response.Headers["x-got"] = context.Request.Headers["x-value"];
        var text = string.Create(CultureInfo.InvariantCulture, $"{setup.Id} {context.Request.Protocol} {context.Request.Method} {route.Scheme} {route.Authority} {route.Target} {context.Request.Headers.Host} {received}");
        if (!context.Response.HasStarted) context.Response.ContentLength = text.Length;
        await context.Response.WriteAsync(text, context.RequestAborted);
    }

    public Task TunnelAsync(ConnectionContext client, Authority destination, TunnelReason reason)
    {
        Tunnels.Enqueue((destination, reason));
        return client.Transport.Output.WriteAsync("tunnelled"u8.ToArray()).AsTask();
    }

    public ValueTask<NameAnswer> LookUpAsync(string name, int type, CancellationToken cancellation) => ValueTask.FromResult<NameAnswer>(new NameAnswer.Proxy());

    public SessionReport Report() => new() { Requests = 7 };

    public Task DrainAsync(TimeSpan limit, CancellationToken cancellation)
    {
        Drained = true;
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

internal sealed class EchoFactory(SessionMode mode) : ISessionEngineFactory
{
    public ConcurrentDictionary<string, EchoEngine> Engines { get; } = new();

    public SessionMode Mode => mode;

    public Task<ISessionEngine> CreateAsync(SessionSetup setup, CancellationToken cancellation) =>
        Task.FromResult<ISessionEngine>(Engines[setup.Id] = new EchoEngine(setup));
}
