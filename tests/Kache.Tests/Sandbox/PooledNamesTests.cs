using System.Net;
using Kache.Dns;
using Kache.Dns.Messages;
using Kache.Sandbox;
using Xunit;

namespace Kache.Tests.Sandbox;

public sealed class PooledNamesTests
{
    private readonly NamePool _pool = new();

    [Fact, Trait("Row", "N1")]
    public async Task A_name_that_leads_to_the_proxy_has_its_address_in_the_pool()
    {
        var answer = Assert.IsType<NameAnswer.Addresses>(await AskAsync(new NameAnswer.Proxy()));
        Assert.Equal([_pool.AddressOf("one.test")], answer.Real);
    }

    [Fact, Trait("Row", "N6")]
    public async Task So_has_a_bypassed_one_since_its_real_addresses_lead_nowhere_inside()
    {
        var answer = Assert.IsType<NameAnswer.Addresses>(await AskAsync(new NameAnswer.Addresses([IPAddress.Parse("192.0.2.7"), IPAddress.Parse("2001:db8::7")])));
        Assert.Equal([_pool.AddressOf("one.test")], answer.Real);
    }

    [Fact, Trait("Row", "N3")]
    public async Task What_does_not_exist_does_not_exist() => Assert.IsType<NameAnswer.NoSuchName>(await AskAsync(new NameAnswer.NoSuchName()));

    private ValueTask<NameAnswer> AskAsync(NameAnswer said) =>
        new PooledNames(new Said(said), _pool).AnswerAsync(SandboxNetwork.Client, "one.test", RecordType.A, TestContext.Current.CancellationToken);

    private sealed class Said(NameAnswer answer) : INameSource
    {
        public bool Serves(IPAddress client) => true;

        public bool HasIPv4(IPAddress client) => true;

        public ValueTask<NameAnswer> AnswerAsync(IPAddress client, string name, int type, CancellationToken cancellation) => ValueTask.FromResult(answer);
    }
}
