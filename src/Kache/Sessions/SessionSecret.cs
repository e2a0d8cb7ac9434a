using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Kache.Sessions;

/// <summary>A session's id, which everybody may see, and the secret that goes with it.</summary>
internal static class SessionSecret
{
    // Ten of 32 letters, 50 bits: two sessions of a folder never meet, and a person can still type it.
    private const int IdLength = 10;
    private const string IdLetters = "abcdefghijkmnpqrstuvwxyz23456789";

    /// <summary>Compared with when there is no such session; no secret has it.</summary>
    public static byte[] Nobody { get; } = RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes);

    public static string CreateId() => RandomNumberGenerator.GetString(IdLetters, IdLength);

    public static string Create() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24));

    /// <summary>It needs no salt: 192 random bits cannot be guessed.</summary>
    public static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    public static bool Fits(string secret, byte[] hash) => CryptographicOperations.FixedTimeEquals(Hash(secret), hash);
}
