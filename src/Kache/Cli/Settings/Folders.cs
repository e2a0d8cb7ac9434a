namespace Kache.Cli.Settings;

/// <summary>Where data and configuration are when nobody says otherwise.</summary>
internal static class Folders
{
    public const string SystemData = "/var/lib/kache";

    /// <summary>/var/lib/kache for root, $XDG_DATA_HOME/kache for others.</summary>
    public static string Data(Func<string, string?> variable) =>
        Environment.IsPrivilegedProcess ? SystemData : UserData(variable);

    public static string UserData(Func<string, string?> variable) =>
        Path.Combine(Under(variable, "XDG_DATA_HOME", ".local/share"), "kache");

    /// <summary>$XDG_CONFIG_HOME/kache.</summary>
    public static string Configuration(Func<string, string?> variable) =>
        Path.Combine(Under(variable, "XDG_CONFIG_HOME", ".config"), "kache");

    // The XDG base directory specification: a relative path there is invalid and ignored.
    private static string Under(Func<string, string?> variable, string name, string fallback) =>
        variable(name) is { Length: > 0 } folder && Path.IsPathRooted(folder) ? folder
            : Path.Combine(variable("HOME") is { Length: > 0 } home ? home : "/", fallback);
}
