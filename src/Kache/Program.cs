using Kache.Cli;
using Kache.Sandbox;

// The first process of a sandbox: before anything touches the terminal, which is its command's.
if (args is [Inside.Word, ..]) return Inside.Run(args);

return await CommandLine.RunAsync(args, Shell.OfProcess());
