using System.Buffers;
using System.Net.Security;
using System.IO.Pipelines;
using CsCheck;
using Kache.Interception;
using Xunit;

namespace Kache.Tests.Interception;

public sealed class ClientHelloTests
{
    [Fact]
    public async Task The_name_that_a_real_client_sends_is_read()
    {
        var hello = await HelloAsync("files.origin.test");
        Assert.Equal(HelloReading.Done, ClientHello.TryReadName(new ReadOnlySequence<byte>(hello), out var name));
        Assert.Equal("files.origin.test", name);
    }

    [Fact, Trait("Row", "N10")]
    public async Task A_client_that_dials_an_address_sends_none()
    {
        var hello = await HelloAsync("127.0.0.1");
        Assert.Equal(HelloReading.Done, ClientHello.TryReadName(new ReadOnlySequence<byte>(hello), out var name));
        Assert.Null(name);
    }

    [Fact]
    public async Task A_beginning_is_unfinished_at_every_byte()
    {
        var hello = await HelloAsync("files.origin.test");
        for (var length = 0; length < hello.Length; length++)
            Assert.Equal(HelloReading.Unfinished, ClientHello.TryReadName(new ReadOnlySequence<byte>(hello, 0, length), out _));
    }

    [Fact]
    public async Task A_hello_in_many_records_is_joined()
    {
        var hello = await HelloAsync("files.origin.test");
        var spread = new List<byte>();
        for (var at = 5; at < hello.Length; at += 50)
        {
            var piece = hello.AsSpan(at, Math.Min(50, hello.Length - at));
            spread.AddRange([22, 3, 1, 0, (byte)piece.Length, .. piece]);
        }
        Assert.Equal(HelloReading.Done, ClientHello.TryReadName(Pieces.Of([.. spread], 7), out var name));
        Assert.Equal("files.origin.test", name);
    }

    [Fact]
    public async Task Changed_bytes_never_break_the_reader()
    {
        var hello = await HelloAsync("files.origin.test");
        Gen.Select(Gen.Int[0, hello.Length - 1], Gen.Byte, Gen.Int[0, hello.Length]).Array[1, 20].Sample(changes =>
        {
            var bytes = hello.ToArray();
            foreach (var (at, value, _) in changes) bytes[at] = value;
            ClientHello.TryReadName(new ReadOnlySequence<byte>(bytes, 0, changes[0].Item3), out _);
        }, iter: 20_000);
    }

    [Fact]
    public void Random_bytes_never_break_the_reader() =>
        Gen.Byte.Array[0, 200].Sample(bytes =>
        {
            ClientHello.TryReadName(new ReadOnlySequence<byte>([22, 3, 1, .. bytes]), out _);
        }, iter: 20_000);

    private static async Task<byte[]> HelloAsync(string host)
    {
        var (toServer, toClient) = (new Pipe(), new Pipe());
        await using var client = new SslStream(new TwoWay(toClient.Reader.AsStream(), toServer.Writer.AsStream()));
        using var stop = new CancellationTokenSource();
        var handshake = client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = host }, stop.Token);
        var read = await toServer.Reader.ReadAsync(stop.Token);
        var hello = read.Buffer.ToArray();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => handshake);
        return hello;
    }

    private sealed class TwoWay(Stream from, Stream to) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => to.Flush();

        public override int Read(byte[] buffer, int offset, int count) => from.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => from.ReadAsync(buffer, cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => to.Write(buffer, offset, count);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => to.WriteAsync(buffer, cancellationToken);
    }
}
