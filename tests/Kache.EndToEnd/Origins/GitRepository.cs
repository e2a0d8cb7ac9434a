using Kache.EndToEnd.Machines;

namespace Kache.EndToEnd.Origins;

/// <summary>A repository with some history, served by git's own HTTP backend at <c>https://git.test/project.git</c>.</summary>
internal static class GitRepository
{
    public static async Task MakeAsync(Lab lab, WebServer server)
    {
        var folder = Path.Combine(server.Folder, "git.test");
        await lab.World.ShellAsync(
            $"""
            export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@a.test GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@a.test
            export GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z'
            git config --global safe.directory '*'
            git init -q -b main work; cd work
            for i in $(seq 30); do
              mkdir -p d$((i % 5)); seq $((i * 1000)) > d$((i % 5))/f$i; git add .; git commit -q -m "change $i"
              [ $((i % 10)) != 0 ] || git tag v$i
            done
            head -c 3000000 /dev/zero | openssl enc -aes-128-ctr -K 00 -iv 00 > big; git add .; git commit -q -m big
            git branch other HEAD~5
            git clone -q --bare . {folder}/project.git
            chmod -R a+rX {folder}
            """,
            folder: lab.Folder).SucceedsAsync();
    }
}
