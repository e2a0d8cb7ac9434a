using System.Reflection;

namespace Kache.Server;

/// <summary>The version that the build put into the program, with the commit where it is known.</summary>
internal static class ProgramVersion
{
    public static string Text { get; } =
        typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
