using Kache.Tests.Raw;
using Xunit;

namespace Kache.Tests.Engines;

/// <summary>NTLM and Negotiate authenticate connections: nobody else may use one that somebody has opened with their name.</summary>
[Trait("Row", "H27")]
public sealed class PinnedConnectionTests : IAsyncLifetime
{
    private Studio _studio = null!;

    public async ValueTask InitializeAsync() => _studio = await Studio.OpenAsync();

    public ValueTask DisposeAsync() => _studio.DisposeAsync();

    [Theory]
    [InlineData("NTLM")]
    [InlineData("Negotiate")]
    public async Task Each_clients_connection_has_one_of_its_own_from_the_challenge_on(string scheme)
    {
        await using var origin = new RawOrigin(connection => AuthenticateAsync(connection, scheme));
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await using var alice = await stage.ConnectAsync();
        await using var bob = await stage.ConnectAsync();

        Assert.StartsWith("HTTP/1.1 401", await AskAsync(alice));
        Assert.StartsWith("HTTP/1.1 401", await AskAsync(bob));
        // The two handshakes cross each other.
        Assert.Contains($"{scheme} challenge-alice", await AskAsync(alice, $"{scheme} hello-alice"));
        Assert.Contains($"{scheme} challenge-bob", await AskAsync(bob, $"{scheme} hello-bob"));
        Assert.EndsWith("you are alice", await AskAsync(alice, $"{scheme} proof-alice"));
        Assert.EndsWith("you are bob  ", await AskAsync(bob, $"{scheme} proof-bob"));
        // From now on the connection itself says who it is.
        Assert.EndsWith("you are alice", await AskAsync(alice));
        Assert.EndsWith("you are bob  ", await AskAsync(bob));
        await using var carol = await stage.ConnectAsync();
        Assert.StartsWith("HTTP/1.1 401", await AskAsync(carol));
    }

    [Fact]
    public async Task A_client_that_answers_on_a_new_connection_has_it_for_itself()
    {
        await using var origin = new RawOrigin(connection => AuthenticateAsync(connection, "NTLM"));
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await using var first = await stage.ConnectAsync();
        Assert.StartsWith("HTTP/1.1 401", await AskAsync(first));
        await using var second = await stage.ConnectAsync();
        Assert.Contains("NTLM challenge-alice", await AskAsync(second, "NTLM hello-alice"));
        Assert.EndsWith("you are alice", await AskAsync(second, "NTLM proof-alice"));
        Assert.StartsWith("HTTP/1.1 401", await AskAsync(first));
    }

    [Fact]
    public async Task The_connection_ends_with_its_clients()
    {
        var ended = new TaskCompletionSource();
        await using var origin = new RawOrigin(async connection =>
        {
            await AuthenticateAsync(connection, "NTLM");
            ended.TrySetResult();
        });
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await using (var client = await stage.ConnectAsync())
        {
            await AskAsync(client, "NTLM hello-alice");
            Assert.EndsWith("you are alice", await AskAsync(client, "NTLM proof-alice"));
        }
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(5), Studio.Stop);
    }

    [Fact]
    [Trait("Row", "H4b")]
    public async Task The_handshake_is_played_back()
    {
        await using var origin = new RawOrigin(connection => AuthenticateAsync(connection, "NTLM"));
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await using (var client = await stage.ConnectAsync())
        {
            await AskAsync(client);
            await AskAsync(client, "NTLM hello-alice");
            await AskAsync(client, "NTLM proof-alice");
        }
        await using var play = await _studio.PlayAsync(await _studio.SealAsync(stage), origin.Authority);
        await using var again = await play.ConnectAsync();
        Assert.StartsWith("HTTP/1.1 401", await AskAsync(again));
        Assert.Contains("NTLM challenge-alice", await AskAsync(again, "NTLM another"));
        Assert.EndsWith("you are alice", await AskAsync(again, "NTLM answer"));
    }

    private static async Task<string> AskAsync(RawConnection client, string? authorization = null)
    {
        await client.WriteAsync($"GET /a HTTP/1.1\r\nHost: origin.test\r\n{(authorization is null ? "" : $"Authorization: {authorization}\r\n")}\r\n");
        return await client.ReadMessageAsync();
    }

    /// <summary>An origin that knows a connection by what was said on it.</summary>
    private static async Task AuthenticateAsync(RawConnection connection, string scheme)
    {
        string? greeted = null, proved = null;
        while (await connection.ReadMessageAsync() is { Length: > 0 } request)
        {
            var said = request.Split("\r\n").FirstOrDefault(line => line.StartsWith("authorization:", StringComparison.OrdinalIgnoreCase))?.Split(' ')[^1];
            if (said?.StartsWith("hello-", StringComparison.Ordinal) == true) greeted = said["hello-".Length..];
            if (greeted is not null && said == $"proof-{greeted}") proved = greeted;
            await connection.WriteAsync(proved is not null ? $"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{("you are " + proved).PadRight(13)}"
                : $"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"a\", {scheme}{(said is null ? "" : $" challenge-{greeted}")}\r\nContent-Length: 0\r\n\r\n");
        }
    }
}
