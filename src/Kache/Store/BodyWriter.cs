using System.Buffers;
using System.Security.Cryptography;
using Kache.Exchanges;
using Kache.Store.Bodies;
using Microsoft.Win32.SafeHandles;

namespace Kache.Store;

/// <summary>
/// Takes one body as it streams by: hashes and writes it, in one pass. One writer at a time.
/// Ends with <see cref="CompleteAsync"/>; disposed without it, nothing remains.
/// </summary>
/// <remarks>
/// A body is held in memory up to <see cref="LongestHeld"/> bytes and then written to a file of its own. At its end one of
/// up to a MiB is packed (from its file too, which has not reached the disk by then); a longer one becomes a blob.
/// </remarks>
internal sealed class BodyWriter : IAsyncDisposable
{
    // With the head of a frame it is what a pool gives out in one piece of 64 KiB; a thousand bodies at once take 64 MiB.
    public const int LongestHeld = (64 * 1024) - PackFrame.HeadSize;

    private const int FirstSize = 8 * 1024;

    private readonly SessionBodies _bodies;
    private byte[] _held = [];
    private long _length;
    private Spilled? _spilled;
    private IOException? _failure;
    private bool _ended;

    internal BodyWriter(SessionBodies bodies) => _bodies = bodies;

    /// <summary>Bytes taken so far.</summary>
    public long Length => _length;

    /// <exception cref="StoreFullException">No room; the writer takes nothing more.</exception>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_ended, this);
        if (_failure is not null) return ValueTask.FromException(_failure);
        if (bytes.Length == 0) return ValueTask.CompletedTask;
        try
        {
            if (_spilled is null && _length + bytes.Length <= LongestHeld) Hold(bytes.Span);
            else Spill().Append(bytes.Span);
            _length += bytes.Length;
            return ValueTask.CompletedTask;
        }
        catch (IOException e)
        {
            return ValueTask.FromException(Fail(e));
        }
    }

    /// <summary>Publishes what was taken under its digest, whole or only a beginning; the caller knows which.</summary>
    /// <exception cref="StoreFullException">No room.</exception>
    public async ValueTask<Body> CompleteAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_ended, this);
        if (_failure is not null) throw _failure;
        try
        {
            if (_length == 0) return Body.Empty;
            return new Body(_spilled is null ? await PackHeldAsync() : await _spilled.PublishAsync(_bodies), _length);
        }
        catch (IOException e)
        {
            throw Fail(e);
        }
        finally
        {
            await DisposeAsync();
        }
    }

    public ValueTask DisposeAsync()
    {
        _ended = true;
        Release();
        return ValueTask.CompletedTask;
    }

    private async ValueTask<Digest> PackHeldAsync()
    {
        var frame = _held.AsMemory(0, PackFrame.HeadSize + (int)_length);
        var digest = Digest.Of(frame.Span[PackFrame.HeadSize..]);
        await _bodies.PackAsync(digest, frame);
        return digest;
    }

    /// <summary>Behind room for the head of a frame, so that head and body are written at once.</summary>
    private void Hold(ReadOnlySpan<byte> bytes)
    {
        var start = PackFrame.HeadSize + (int)_length;
        if (start + bytes.Length > _held.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(start + bytes.Length, Math.Max(FirstSize, _held.Length * 2)));
            _held.AsSpan(0, Math.Min(_held.Length, start)).CopyTo(larger);
            if (_held.Length > 0) ArrayPool<byte>.Shared.Return(_held);
            _held = larger;
        }
        bytes.CopyTo(_held.AsSpan(start));
    }

    private Spilled Spill()
    {
        if (_spilled is not null) return _spilled;
        _spilled = new Spilled(_bodies.CreateTemporary(out var path), path);
        if (_length > 0) _spilled.Append(_held.AsSpan(PackFrame.HeadSize, (int)_length));
        ReleaseHeld();
        return _spilled;
    }

    private IOException Fail(IOException failure)
    {
        // Its room is given back at once: others may still end well.
        Release();
        return _failure = StoreFullException.Of(failure, _bodies.DataFolder);
    }

    private void Release()
    {
        ReleaseHeld();
        _spilled?.Dispose();
        _spilled = null;
    }

    private void ReleaseHeld()
    {
        if (_held.Length > 0) ArrayPool<byte>.Shared.Return(_held);
        _held = [];
    }

    /// <summary>A body that outgrew the memory it may have.</summary>
    private sealed class Spilled(SafeFileHandle file, string path) : IDisposable
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly BodySums _sums = new();
        private long _length;
        private bool _published;

        public void Append(ReadOnlySpan<byte> bytes)
        {
            RandomAccess.Write(file, bytes, _length);
            _hash.AppendData(bytes);
            _sums.Append(bytes);
            _length += bytes.Length;
        }

        public async ValueTask<Digest> PublishAsync(SessionBodies bodies)
        {
            var digest = new Digest(_hash.GetHashAndReset());
            var sums = _sums.ToArray();
            if (_length <= PackFrame.LongestBody)
            {
                await bodies.PackAsync(digest, file, (int)_length, sums[0]);
            }
            else
            {
                await bodies.PublishAsync(digest, file, path, _length, sums);
                _published = true;
            }
            return digest;
        }

        public void Dispose()
        {
            if (!_published) File.Delete(path);
            file.Dispose();
            _hash.Dispose();
        }
    }
}
