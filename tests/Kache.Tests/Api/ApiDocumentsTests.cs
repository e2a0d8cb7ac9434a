using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Kache.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Kache.Tests.Api;

/// <summary>The routes that are mapped, the description for machines and the page for people say the same.</summary>
public sealed class ApiDocumentsTests
{
    private static readonly JsonElement Description = JsonDocument.Parse(OpenApi.Open()).RootElement;

    private static readonly Dictionary<string, JsonTypeInfo> Contracts = new JsonTypeInfo[]
    {
        ApiJson.Default.OpenSession, ApiJson.Default.SessionOpened, ApiJson.Default.SessionInfo, ApiJson.Default.SessionClosed, ApiJson.Default.CloseSession,
        ApiJson.Default.LogEntry, ApiJson.Default.TagInfo, ApiJson.Default.SetTag, ApiJson.Default.RecordingInfo, ApiJson.Default.CreateToken,
        ApiJson.Default.TokenCreated, ApiJson.Default.CaInfo, ApiJson.Default.ServerStatus, ApiJson.Default.ApiError, ApiJson.Default.GapInfo,
        ApiJson.Default.MissInfo, ApiJson.Default.HostInfo, ApiJson.Default.TagMove, ApiJson.Default.TokenInfo,
        ApiJson.Default.HeaderInfo, ApiJson.Default.WhyRequest, ApiJson.Default.WhyInfo, ApiJson.Default.AnswerInfo, ApiJson.Default.NearInfo, ApiJson.Default.VerifyInfo,
        ApiJson.Default.ProblemInfo, ApiJson.Default.DiffInfo, ApiJson.Default.HostChanges, ApiJson.Default.ChangeInfo, ApiJson.Default.GivenInfo,
    }.ToDictionary(type => type.Type.Name);

    public static TheoryData<string> Schemas => [.. Contracts.Keys];

    [Fact]
    public void Every_route_is_described_and_everything_described_is_a_route()
    {
        var described = Description.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Where(o => o.Name != "parameters").Select(operation => $"{operation.Name.ToUpperInvariant()} {path.Name}"));
        Assert.Equal(Routes().Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_route_is_on_the_page()
    {
        var listed = Regex.Matches(Documents.Read("api.md"), @"^\| `([A-Z]+) (/[^`?]*)(\?[^`]*)?` \|", RegexOptions.Multiline).Select(row => $"{row.Groups[1]} {row.Groups[2]}");
        Assert.Equal(Routes().Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_contract_is_described() =>
        Assert.Equal(Contracts.Keys.Order(StringComparer.Ordinal), Description.GetProperty("components").GetProperty("schemas").EnumerateObject().Select(s => s.Name).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Schemas))]
    public void Its_fields_are_those_of_the_description_and_of_the_page(string schema)
    {
        var fields = Contracts[schema].Properties.Select(property => property.Name).Order(StringComparer.Ordinal).ToList();
        var described = Description.GetProperty("components").GetProperty("schemas").GetProperty(schema).GetProperty("properties").EnumerateObject();
        Assert.Equal(fields, described.Select(property => property.Name).Order(StringComparer.Ordinal));
        var page = Documents.Read("api.md");
        Assert.Contains(schema, page);
        Assert.All(fields, field => Assert.Contains($"`{field}`", page));
    }

    [Theory]
    [MemberData(nameof(Schemas))]
    public void What_must_be_there_is_what_the_description_requires(string schema)
    {
        var described = Description.GetProperty("components").GetProperty("schemas").GetProperty(schema);
        var required = described.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(n => n.GetString()!).ToList() : [];
        if (schema is "OpenSession" or "CloseSession" or "SetTag" or "CreateToken" or "WhyRequest")
            Assert.Equal(Contracts[schema].Properties.Where(p => p.IsRequired).Select(p => p.Name).Order(StringComparer.Ordinal), required.Order(StringComparer.Ordinal));
        else
            // Nulls are written: every field of an answer is there.
            Assert.Equal(Contracts[schema].Properties.Select(p => p.Name).Order(StringComparer.Ordinal), required.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Routes()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        ApiEndpoints.Map(app, _ => throw new InvalidOperationException("nothing is asked here"));
        return ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).Cast<RouteEndpoint>().SelectMany(endpoint =>
            endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(method => $"{method} {endpoint.RoutePattern.RawText![ApiEndpoints.Root.Length..]}"));
    }
}
