using Kache.EndToEnd.Machines;

namespace Kache.EndToEnd.Origins;

/// <summary>nginx in the world, with TLS (h2 and http/1.1) and plain HTTP: files, a pip index, git repositories.</summary>
internal sealed class WebServer
{
    private WebServer(string folder) => Folder = folder;

    /// <summary>What it serves: one folder a host.</summary>
    public string Folder { get; }

    public static async Task<WebServer> StartAsync(Lab lab, TestAuthority authority)
    {
        var folder = Path.Combine(lab.Folder, "world");
        foreach (var name in Names.OfNginx) Directory.CreateDirectory(Path.Combine(folder, name));
        var (certificate, key) = authority.LeafFiles(lab.Folder, Names.OfNginx);
        var configuration = Path.Combine(lab.Folder, "nginx.conf");
        await File.WriteAllTextAsync(configuration,
            $$"""
            user root;
            worker_processes 1;
            daemon off;
            pid {{lab.Folder}}/nginx.pid;
            error_log {{lab.Folder}}/nginx-error.log;
            events { worker_connections 1024; }
            http {
              access_log {{lab.Folder}}/nginx-access.log;
              types { text/html html; text/plain txt; application/json json; }
              default_type application/octet-stream;
              sendfile on;
              gzip on;
              gzip_types text/plain application/json;
              gzip_min_length 100;
              gzip_vary on;
              client_max_body_size 0;
              server {
                listen {{Lab.WorldAddress}}:80;
                listen {{Lab.WorldAddress}}:8080;
                listen {{Lab.WorldAddress}}:443 ssl http2;
                server_name _;
                ssl_certificate {{certificate}};
                ssl_certificate_key {{key}};
                root {{folder}}/$host;
                location /moved/ { return 302 /$arg_to; }
                location /private/ { auth_basic "private"; auth_basic_user_file {{lab.Folder}}/users; }
              }
              server {
                listen {{Lab.WorldAddress}}:443 ssl http2;
                server_name git.test;
                ssl_certificate {{certificate}};
                ssl_certificate_key {{key}};
                location / {
                  include /etc/nginx/fastcgi_params;
                  fastcgi_param SCRIPT_FILENAME /usr/lib/git-core/git-http-backend;
                  fastcgi_param GIT_PROJECT_ROOT {{folder}}/git.test;
                  fastcgi_param GIT_HTTP_EXPORT_ALL 1;
                  fastcgi_param PATH_INFO $uri;
                  fastcgi_pass unix:{{lab.Folder}}/fcgi;
                  gzip off;
                }
              }
            }

            """);
        await File.WriteAllTextAsync(Path.Combine(lab.Folder, "users"), "somebody:{PLAIN}secret\n");
        lab.World.Start(["/usr/sbin/fcgiwrap", "-c", "2", "-s", $"unix:{lab.Folder}/fcgi"]);
        var nginx = lab.World.Start(["/usr/sbin/nginx", "-e", $"{lab.Folder}/nginx-error.log", "-c", configuration]);
        await lab.World.ShellAsync($"for i in $(seq 100); do [ -S {lab.Folder}/fcgi ] && curl -s -o /dev/null http://{Lab.WorldAddress}/ && exit 0; sleep 0.05; done; exit 1").SucceedsAsync();
        if (nginx.HasEnded) throw new InvalidOperationException($"nginx ended: {nginx.Err}");
        return new WebServer(folder);
    }

    /// <summary>Puts a file where <c>https://HOST/PATH</c> serves it.</summary>
    public async Task PutAsync(string host, string path, byte[] content)
    {
        var file = Path.Combine(Folder, host, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllBytesAsync(file, content);
    }
}
