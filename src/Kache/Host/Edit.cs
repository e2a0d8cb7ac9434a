using System.Text.Json.Serialization;

namespace Kache.Host;

[JsonConverter(typeof(JsonStringEnumConverter<EditKind>))]
internal enum EditKind
{
    /// <summary>resolv.conf names Kache's DNS.</summary>
    Resolver,

    /// <summary>nsswitch.conf asks nobody but files and DNS.</summary>
    NameSwitch,

    /// <summary>A file of roots, PEM.</summary>
    Roots,

    /// <summary>Our certificate alone, in a file of our own.</summary>
    Certificate,

    /// <summary>A Java trust store.</summary>
    KeyStore,

    Pip,
    Npm,
    Uv,
}

/// <summary>What is done to a file's content, and how our part is taken out again. Pure, and the same on every undo.</summary>
/// <param name="Password">Of a key store.</param>
internal sealed record Edit(EditKind Kind, string Password = JavaKeyStore.DefaultPassword)
{
    /// <param name="original">Null where there was no file.</param>
    /// <exception cref="FormatException">The file is not what it should be.</exception>
    public byte[] Apply(byte[]? original, HostFacts facts)
    {
        var text = TextLines.Read(original);
        return Kind switch
        {
            EditKind.KeyStore => JavaKeyStore.Apply(original ?? throw new FormatException("there is no key store"), facts, Password, DateTimeOffset.UnixEpoch),
            EditKind.Resolver => TextLines.Write(ResolvConf.Apply(text, facts)),
            EditKind.NameSwitch => TextLines.Write(NameSwitch.Apply(text)),
            EditKind.Roots => TextLines.Write(PemBundle.Apply(text, facts)),
            EditKind.Certificate => TextLines.Write(facts.Ca.Trim() + "\n"),
            EditKind.Pip => TextLines.Write(ToolConfig.ApplyPip(text, facts)),
            EditKind.Npm => TextLines.Write(ToolConfig.ApplyNpm(text, facts)),
            EditKind.Uv => TextLines.Write(ToolConfig.ApplyUv(text, facts)),
            _ => throw new InvalidOperationException($"an edit that is not known: {Kind}"),
        };
    }

    /// <summary>What others made of the file, without our part.</summary>
    public byte[] Remove(byte[] current, byte[]? original, HostFacts facts)
    {
        if (Kind == EditKind.KeyStore) return JavaKeyStore.Remove(current, facts, Password);
        var (text, was) = (TextLines.Read(current), TextLines.Read(original));
        return TextLines.Write(Kind switch
        {
            EditKind.Resolver => ResolvConf.Remove(text, was, facts),
            EditKind.NameSwitch => NameSwitch.Remove(text, was),
            EditKind.Roots or EditKind.Certificate => PemBundle.Remove(text, facts),
            EditKind.Pip => ToolConfig.RemovePip(text, was, facts),
            EditKind.Npm => ToolConfig.RemoveNpm(text, was, facts),
            EditKind.Uv => ToolConfig.RemoveUv(text, was, facts),
            _ => throw new InvalidOperationException($"an edit that is not known: {Kind}"),
        });
    }
}
