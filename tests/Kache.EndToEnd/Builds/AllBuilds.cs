using Kache.EndToEnd.Origins;
using Xunit;

namespace Kache.EndToEnd.Builds;

internal static class AllBuilds
{
    private const long BigFile = 2L << 30;

    private static readonly Build Npm = new()
    {
        Name = "npm install",
        Registries = true,
        Script =
            """
            cat > package.json <<'JSON'
            { "name": "build", "version": "1.0.0", "private": true, "dependencies": {
              "express": "4.21.2", "webpack": "5.97.1", "eslint": "8.57.1", "jest": "29.7.0", "typescript": "5.7.2", "@babel/preset-env": "7.26.0" } }
            JSON
            npm install --no-progress
            [ "$(find node_modules -name package.json -path '*node_modules/*' | wc -l)" -gt 400 ]
            mv node_modules package-lock.json result/
            """,
    };

    private static readonly Build Dotnet = new()
    {
        Name = "dotnet restore",
        Registries = true,
        Script =
            """
            cat > build.csproj <<'XML'
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Newtonsoft.Json" Version="13.0.3" />
                <PackageReference Include="Serilog" Version="4.2.0" />
                <PackageReference Include="Dapper" Version="2.1.66" />
                <PackageReference Include="Polly" Version="8.5.2" />
                <PackageReference Include="FluentValidation" Version="11.11.0" />
                <PackageReference Include="CsvHelper" Version="33.0.1" />
                <PackageReference Include="NodaTime" Version="3.2.2" />
                <PackageReference Include="Humanizer.Core" Version="2.14.1" />
                <PackageReference Include="Microsoft.Data.Sqlite" Version="10.0.15" />
                <PackageReference Include="YamlDotNet" Version="16.3.0" />
              </ItemGroup>
            </Project>
            XML
            export NUGET_PACKAGES=$PWD/result/packages MSBUILDDISABLENODEREUSE=1
            dotnet restore --disable-build-servers
            [ "$(find result -name '*.nupkg' | wc -l)" -ge 10 ]
            """,
        Patience = TimeSpan.FromMinutes(5),
    };

    private static readonly Build Apt = new()
    {
        Name = "apt-get",
        Registries = true,
        Script =
            """
            mkdir -p state/lists/partial cache/archives/partial
            options="-o Dir::State=$PWD/state -o Dir::Cache=$PWD/cache -o Dir::State::status=/var/lib/dpkg/status -o APT::Sandbox::User=root"
            apt-get $options -o APT::Update::Error-Mode=any update
            (cd result && apt-get $options download hello sl)
            [ "$(ls result/*.deb | wc -l)" = 2 ]
            rm -rf state/lists/lock state/lists/partial
            mv state/lists result/
            """,
    };

    private static readonly Build Curl = new()
    {
        Name = "curl of 2 GiB",
        Prepare = async world =>
        {
            await DeterministicBytes.WriteAsync(Path.Combine(world.Web.Folder, "files.test", "big"), BigFile);
        },
        Script =
            $"""
            curl -sS --fail -o result/big https://files.test/big
            [ "$(stat -c %s result/big)" = {BigFile} ]
            """,
        Patience = TimeSpan.FromMinutes(5),
    };

    private static readonly Build Pip = new()
    {
        Name = "pip install",
        Prepare = world => WheelIndex.MakeAsync(world.Web),
        Script =
            """
            /usr/bin/python3 -m pip install --disable-pip-version-check --no-compile --index-url https://pip.test/simple/ --target result trunk
            [ "$(ls -d result/*.dist-info | wc -l)" = 6 ]
            rm -f result/*.dist-info/direct_url.json
            """,
    };

    private static readonly Build Git = new()
    {
        Name = "git clone",
        Prepare = world => GitRepository.MakeAsync(world.Lab, world.Web),
        Script =
            """
            git clone -q https://git.test/project.git clone
            git -C clone fsck --full
            git -C clone for-each-ref > result/refs
            git -C clone log --all --format='%H %s' > result/log
            rm -rf clone/.git && mv clone result/
            [ "$(wc -l < result/log)" = 31 ]
            """,
    };

    private static readonly Build Wget = new()
    {
        Name = "wget",
        Prepare = async world =>
        {
            await world.Web.PutAsync("files.test", "site/index.html", "<a href='a.html'>a</a> <a href='sub/b.html'>b</a> <a href='%7Ec%20d.txt'>c</a>"u8.ToArray());
            await world.Web.PutAsync("files.test", "site/a.html", "<p>a, with <a href='sub/data.bin'>data</a></p>"u8.ToArray());
            await world.Web.PutAsync("files.test", "site/sub/b.html", "<a href='../a.html'>a</a>"u8.ToArray());
            await world.Web.PutAsync("files.test", "site/~c d.txt", DeterministicBytes.Make(5000));
            await world.Web.PutAsync("files.test", "site/sub/data.bin", DeterministicBytes.Make(3_000_001));
        },
        Script =
            """
            cd result
            wget -q -r -np -nH -e robots=off https://files.test/site/
            wget -q -O plain http://files.test/site/a.html
            wget -q -O moved 'https://files.test/moved/?to=site/a.html'
            [ -s site/sub/data.bin ] && cmp plain moved
            """,
    };

    public static IReadOnlyList<Build> All { get; } = [Npm, Dotnet, Apt, Curl, Pip, Git, Wget];

    public static Build Named(string name) => All.Single(b => b.Name == name);

    public static TheoryData<string> Names => [.. All.Select(b => b.Name)];
}
