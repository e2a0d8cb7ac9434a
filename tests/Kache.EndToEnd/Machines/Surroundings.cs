namespace Kache.EndToEnd.Machines;

/// <summary>What the tests take from the machine that they run on.</summary>
internal static class Surroundings
{
    public static string Repository { get; } = FindRepository();

    /// <summary>The native program that ./publish made: what users get is what is tested. While developing, another can be named.</summary>
    public static string Program { get; } = Environment.GetEnvironmentVariable("KACHE_TEST_PROGRAM") ?? Path.Combine(Repository, "artifacts", "publish", "kache");

    public static string DotnetRoot { get; } = Path.GetDirectoryName(Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "../../../dotnet")))!;

    /// <summary>A file that lies beside the test assembly.</summary>
    public static string Beside(string file) => Path.Combine(AppContext.BaseDirectory, file);

    public static void RequireRoot()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new InvalidOperationException("The end-to-end tests make network and mount namespaces, and need root for that: run ./test as root.");
        }
        if (!File.Exists(Program)) throw new InvalidOperationException($"There is no {Program}: run ./publish first, or ./test.");
    }

    private static string FindRepository()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Kache.slnx"))) return folder;
        }
        throw new InvalidOperationException($"{AppContext.BaseDirectory} is in no checkout of Kache.");
    }
}
