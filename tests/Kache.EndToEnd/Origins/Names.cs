using System.Net;

namespace Kache.EndToEnd.Origins;

/// <summary>Who is who in the world.</summary>
internal static class Names
{
    /// <summary>Origins of real servers.</summary>
    public static readonly string[] OfNginx = ["files.test", "www.files.test", "pip.test", "git.test"];

    /// <summary>Origins that a test plays itself, byte by byte.</summary>
    public static readonly string[] OfScripts = ["script.test", "other.test", "expired.test", "wrongname.test", "selfsigned.test", "bypassed.test", "sub.bypassed.test"];

    public static readonly IPAddress ScriptsAddress = IPAddress.Parse("10.77.0.3");

    /// <summary>Every port of it is closed.</summary>
    public static readonly IPAddress RefusingAddress = IPAddress.Parse("10.77.0.4");
}
