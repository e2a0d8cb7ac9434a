using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Kache.Host;

/// <summary>
/// A Java trust store with one more certificate. Pure. JKS version 2: magic, version, count; each entry a tag, an alias, a time,
/// and a certificate (type and DER); at the end SHA-1 of the password, a salt and all of it (sun.security.provider.JavaKeyStore).
/// A PKCS#12 store of certificates is rewritten as JKS, which every JVM reads where it expects either (keystore.type.compat).
/// </summary>
internal static class JavaKeyStore
{
    public const string DefaultPassword = "changeit";

    private const uint Magic = 0xFEEDFEED;
    private const uint Version = 2;
    private const uint KeyEntry = 1;
    private const uint CertificateEntry = 2;
    private const int SumSize = 20;
    private const string Salt = "Mighty Aphrodite";
    private const string CertificateType = "X.509";

    public static bool IsJks(ReadOnlySpan<byte> store) => store.Length >= 12 + SumSize && BinaryPrimitives.ReadUInt32BigEndian(store) == Magic;

    public static bool Holds(ReadOnlySpan<byte> store, ReadOnlySpan<byte> certificate) => store.IndexOf(certificate) >= 0;

    /// <summary>Whether a tool that has this password would find the store untouched.</summary>
    public static bool IsSealedWith(ReadOnlySpan<byte> jks, string password) => Sum(jks[..^SumSize], password).AsSpan().SequenceEqual(jks[^SumSize..]);

    /// <exception cref="FormatException">It is no trust store, or one that we do not know.</exception>
    public static byte[] Apply(byte[] original, HostFacts facts, string password, DateTimeOffset at)
    {
        var der = PemBundle.Der(facts.Ca);
        var jks = IsJks(original) ? original : CertificateStore.ToJks(original, password);
        if (Holds(jks, der)) return original;
        var body = jks.AsSpan(..^SumSize);
        return Write(Count(body) + 1, [body[12..].ToArray(), Entry(facts.Name, der, at)], password);
    }

    /// <summary>Without our certificate, under whatever alias it is: tools that rebuild a store name it anew.</summary>
    public static byte[] Remove(byte[] current, HostFacts facts, string password)
    {
        var der = PemBundle.Der(facts.Ca);
        if (!IsJks(current) || !Holds(current, der)) return current;
        var left = new List<byte[]>();
        foreach (var entry in Entries(current))
            if (!Holds(entry, der)) left.Add(entry);
        return Write(left.Count, left, password);
    }

    public static byte[] Write(int count, IEnumerable<byte[]> entries, string password)
    {
        using var store = new MemoryStream();
        WriteNumber(store, Magic);
        WriteNumber(store, Version);
        WriteNumber(store, (uint)count);
        foreach (var entry in entries) store.Write(entry);
        store.Write(Sum(store.ToArray(), password));
        return store.ToArray();
    }

    public static byte[] Entry(string alias, byte[] certificate, DateTimeOffset at)
    {
        using var entry = new MemoryStream();
        WriteNumber(entry, CertificateEntry);
        WriteText(entry, alias);
        Span<byte> time = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(time, at.ToUnixTimeMilliseconds());
        entry.Write(time);
        WriteText(entry, CertificateType);
        WriteNumber(entry, (uint)certificate.Length);
        entry.Write(certificate);
        return entry.ToArray();
    }

    /// <summary>Each entry's bytes, keys too: they are carried, never read.</summary>
    public static IReadOnlyList<byte[]> Entries(byte[] jks)
    {
        var reader = new Reader(jks.AsMemory(0, jks.Length - SumSize));
        if (reader.Number() != Magic || reader.Number() != Version) throw new FormatException("not a Java key store of version 2");
        var entries = new List<byte[]>();
        for (var left = reader.Number(); left > 0; left--) entries.Add(reader.Entry());
        return entries;
    }

    private static int Count(ReadOnlySpan<byte> body) => BinaryPrimitives.ReadUInt32BigEndian(body[4..]) == Version
        ? (int)BinaryPrimitives.ReadUInt32BigEndian(body[8..])
        : throw new FormatException("not a Java key store of version 2");

    private static byte[] Sum(ReadOnlySpan<byte> body, string password)
    {
#pragma warning disable CA5350 // The format's own; it detects damage, and trust does not rest on it.
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
#pragma warning restore CA5350
        hash.AppendData(Encoding.BigEndianUnicode.GetBytes(password));
        hash.AppendData(Encoding.ASCII.GetBytes(Salt));
        hash.AppendData(body);
        return hash.GetHashAndReset();
    }

    private static void WriteNumber(MemoryStream stream, uint number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        stream.Write(bytes);
    }

    /// <summary>DataOutput.writeUTF: two bytes of length, then (for names like ours) ASCII.</summary>
    private static void WriteText(MemoryStream stream, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        stream.WriteByte((byte)(bytes.Length >> 8));
        stream.WriteByte((byte)bytes.Length);
        stream.Write(bytes);
    }

    private sealed class Reader(ReadOnlyMemory<byte> store)
    {
        private int _at;

        public uint Number() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

        public byte[] Entry()
        {
            var from = _at;
            var tag = Number();
            SkipText();
            Take(8);
            if (tag == KeyEntry)
            {
                Take(checked((int)Number()));
                for (var chain = Number(); chain > 0; chain--) SkipCertificate();
            }
            else if (tag == CertificateEntry)
            {
                SkipCertificate();
            }
            else
            {
                throw new FormatException($"a key store entry of an unknown kind ({tag})");
            }
            return store[from.._at].ToArray();
        }

        private void SkipCertificate()
        {
            SkipText();
            Take(checked((int)Number()));
        }

        private void SkipText() => Take(BinaryPrimitives.ReadUInt16BigEndian(Take(2)));

        private ReadOnlySpan<byte> Take(int size)
        {
            if (size < 0 || size > store.Length - _at) throw new FormatException("a key store that ends early");
            _at += size;
            return store.Span.Slice(_at - size, size);
        }
    }
}
