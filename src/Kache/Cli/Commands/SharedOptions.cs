using System.CommandLine;
using System.Globalization;

namespace Kache.Cli.Commands;

/// <summary>Words that several commands share, made anew for each.</summary>
internal static class SharedOptions
{
    public static Option<bool> Json(string description = "Write facts as JSON") => new("--json") { Description = description };

    public static Argument<string> Reference() =>
        new("ref") { HelpName = "REF", Description = "TAG, TAG@sha256:… or sha256:… (short digests where unique)" };

    public static Argument<string> SessionId() => new("session") { HelpName = "SESSION", Description = "A session's id" };

    public static Argument<string> Mode()
    {
        var mode = new Argument<string>("mode") { HelpName = "record|playback", Description = "record or playback" };
        mode.Validators.Add(result =>
        {
            var word = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
            if (word is not ("record" or "playback")) result.AddError($"'{word}' is not a mode. There are record and playback.");
        });
        return mode;
    }

    public static bool TryNumber(string text, out double number) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);
}
