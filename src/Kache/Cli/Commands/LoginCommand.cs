using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kache.Api;
using Kache.Cli.Connection;
using Kache.Exchanges;

namespace Kache.Cli.Commands;

internal static class LoginCommand
{
    public static Command Create(Shell shell)
    {
        var url = new Argument<string>("url") { HelpName = "URL", Description = "The server: https://HOST:7070" };
        var tokenStdin = new Option<bool>("--token-stdin") { Description = "Read the token from stdin", Required = true };
        var fingerprint = new Option<string?>("--fingerprint") { HelpName = "sha256:…", Description = "The server's fingerprint, as 'kache ca show' prints it there; without it a person is asked" };
        var command = new Command("login", "Keep a server's token and pin its CA; commands ask this server from then on") { url, tokenStdin, fingerprint };
        command.SetAction(async (parsed, cancellation) =>
        {
            var server = StoreChoice.ParseServer(parsed.GetRequiredValue(url));
            var expected = ParseFingerprint(parsed.GetValue(fingerprint));
            var token = (await shell.In.ReadLineAsync(cancellation))?.Trim();
            if (string.IsNullOrEmpty(token)) throw new KacheException("invalid", "There is no token on stdin. Write: kache login URL --token-stdin < FILE");

            using var ca = await ApiConnection.ShowCaAsync(server, cancellation);
            var shown = ApiConnection.FingerprintOf(ca);
            shell.Say($"The server's fingerprint is {shown}");
            Judge(shown, expected, server, shell);

            var login = new Login(Credentials.Url(server), token, shown.ToString(), ca.ExportCertificatePem());
            await using (var api = login.Open()) await api.StatusAsync(cancellation);
            var credentials = new Credentials(shell.Variable);
            credentials.Add(login);
            shell.Say($"Logged in to {login.Url}; kept in {credentials.File}.");
            return ExitCode.Done;
        });
        return command;
    }

    private static Digest? ParseFingerprint(string? text)
    {
        if (text is null) return null;
        // Some tools write fingerprints in upper case with colons between the bytes.
        var plain = text.StartsWith(Digest.Prefix, StringComparison.OrdinalIgnoreCase) ? text[Digest.Prefix.Length..] : text;
        return Digest.TryParse(plain.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant(), out var digest)
            ? digest
            : throw new KacheException("invalid", $"'{text}' is not a fingerprint: it is sha256: and 64 hexadecimal digits.");
    }

    private static void Judge(Digest shown, Digest? expected, Uri server, Shell shell)
    {
        if (expected is { } wanted)
        {
            Span<byte> a = stackalloc byte[Digest.Size], b = stackalloc byte[Digest.Size];
            shown.CopyTo(a);
            wanted.CopyTo(b);
            if (CryptographicOperations.FixedTimeEquals(a, b)) return;
            throw new KacheException("not_allowed", $"The server at {server} has another fingerprint than {wanted}: it is another server, or somebody is in between. Nothing was sent to it.");
        }
        if (Terminal.Ask(shell, "Is this what 'kache ca show' prints on the server? [y/N] ") is { } answer)
        {
            if (answer.Trim().ToLowerInvariant() is "y" or "yes") return;
            throw new KacheException("not_allowed", "Not trusted; nothing was kept.");
        }
        throw new KacheException("not_allowed", $"Nobody is here to say whether that fingerprint is right. Compare it with 'kache ca show' on the server, then add --fingerprint {shown}.");
    }
}

internal static class LogoutCommand
{
    public static Command Create(Shell shell)
    {
        var command = new Command("logout", "Forget the current login");
        command.SetAction(_ =>
        {
            var gone = new Credentials(shell.Variable).RemoveCurrent();
            if (gone is null) throw new KacheException("not_found", "Nobody is logged in.");
            shell.Say($"Logged out of {gone.Url}. The token itself stays valid until it is revoked.");
            return ExitCode.Done;
        });
        return command;
    }
}
