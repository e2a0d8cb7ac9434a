using System.Globalization;

namespace Kache.Cli.Output;

/// <summary>Amounts, times and digests as people read them; <c>--json</c> has them exact.</summary>
internal static class Words
{
    private const int ShortDigest = 7 + 12;

    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    public static string Bytes(long bytes)
    {
        double amount = bytes;
        var unit = 0;
        while (amount >= 1024 && unit < Units.Length - 1) (amount, unit) = (amount / 1024, unit + 1);
        return string.Create(CultureInfo.InvariantCulture, $"{(unit == 0 ? bytes : Math.Round(amount, 1))} {Units[unit]}");
    }

    public static string Count(long count, string one, string many) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? one : many)}");

    public static string Time(DateTimeOffset at) => at.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Enough of a digest to be unique, and to be used as a reference.</summary>
    public static string Short(string? digest) => digest is null ? "-" : digest.Length > ShortDigest ? digest[..ShortDigest] : digest;
}
