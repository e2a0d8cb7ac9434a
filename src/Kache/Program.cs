using Kache.Cli;

return await CommandLine.RunAsync(args, Shell.OfProcess());
