using System.CommandLine;
using Kache.Api;
using Kache.Cli.Output;

namespace Kache.Cli.Commands;

/// <summary>How long the end of a session waits for bodies that are under way, and what is shown meanwhile.</summary>
internal sealed class WaitOptions
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(500);

    private readonly Option<string?> _wait = new("--wait") { HelpName = "SECONDS", Description = "Wait this long for bodies that are under way; then they become gaps. Default: 30" };
    private readonly Option<bool> _noWait = new("--no-wait") { Description = "Do not wait for them" };

    public void AddTo(Command command)
    {
        command.Options.Add(_wait);
        command.Options.Add(_noWait);
        command.Validators.Add(result =>
        {
            var wait = result.GetValue(_wait);
            if (wait is not null && !SharedOptions.TryNumber(wait, out _)) result.AddError($"--wait {wait}: not a number of seconds.");
            if (wait is not null && result.GetValue(_noWait)) result.AddError("--wait and --no-wait contradict each other.");
        });
    }

    public CloseSession Read(ParseResult parsed)
    {
        double? seconds = parsed.GetValue(_wait) is { } text && SharedOptions.TryNumber(text, out var number) ? number : null;
        return new CloseSession(seconds, parsed.GetValue(_noWait));
    }

    /// <summary>Ends a session; on a terminal it shows what is still waited for.</summary>
    public static async Task<SessionClosed> CloseAsync(IKacheApi api, string id, CloseSession request, Shell shell, CancellationToken cancellation)
    {
        var closing = api.CloseSessionAsync(id, request, cancellation);
        if (!shell.ErrorIsTerminal) return await closing;
        var line = new ProgressLine(shell);
        while (await Task.WhenAny(closing, Task.Delay(Glance, shell.Clock, cancellation)) != closing)
        {
            try
            {
                var session = await api.SessionAsync(id, cancellation);
                line.Show(session.Active > 0
                    ? $"Waiting for {Words.Count(session.Active, "body", "bodies")} under way ({Words.Bytes(session.Bytes)} so far) …"
                    : "Writing what was recorded …");
            }
            catch (KacheException)
            {
                // It is gone from the list just before its end is told.
                line.Show("Writing what was recorded …");
            }
        }
        line.Clear();
        return await closing;
    }
}
