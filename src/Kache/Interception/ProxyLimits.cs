using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Kache.Interception;

/// <summary>What a client may send, each limit chosen (BEHAVIOUR H20) so that no build meets it and no attacker gets past it.</summary>
internal static class ProxyLimits
{
    public static void Set(KestrelServerLimits limits)
    {
        // A build machine with hundreds of parallel downloads has hundreds; a connection costs some 20 KiB.
        limits.MaxConcurrentConnections = 20_000;
        // The longest URLs seen are signed ones of 16 KiB; nginx takes 32 KiB in all, and so far nobody complained.
        limits.MaxRequestLineSize = 128 * 1024;
        // Cookies and Kerberos tickets of 64 KiB have been seen, in one field.
        limits.MaxRequestHeadersTotalSize = 512 * 1024;
        limits.MaxRequestHeaderCount = 1000;
        // Bodies stream: any size (BEHAVIOUR H13), at any pace (H20).
        limits.MaxRequestBodySize = null;
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;
        // Package managers keep connections while they unpack; nginx closes after 75 s, most proxies later.
        limits.KeepAliveTimeout = TimeSpan.FromMinutes(10);
        // The head only, and a client under load may take long; it costs a connection, no more.
        limits.RequestHeadersTimeout = TimeSpan.FromMinutes(2);
        // cargo asks for hundreds of small files at once.
        limits.Http2.MaxStreamsPerConnection = 256;
        limits.Http2.MaxRequestHeaderFieldSize = 128 * 1024;
        // Uploads over a long line need a window of bandwidth times delay: 1 MiB is 100 Mbit/s at 80 ms.
        limits.Http2.InitialStreamWindowSize = 1024 * 1024;
        limits.Http2.InitialConnectionWindowSize = 4 * 1024 * 1024;
    }
}
